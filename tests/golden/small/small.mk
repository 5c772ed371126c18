# small: include this file from a Makefile and add the variables to your build.
# SMALL_DIR is found from this file's own place.
SMALL_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
SMALL_SRCS := \
    $(SMALL_DIR)/small.c \
    $(SMALL_DIR)/small_weights.c

SMALL_INCLUDES := -I$(SMALL_DIR)
SMALL_CFLAGS := -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -std=c99 -O2 -ffp-contract=off -fno-math-errno -ffunction-sections -fdata-sections

SMALL_LDLIBS := -lm

