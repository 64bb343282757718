// What each of 64 bytes is, a bit for each, the first byte's lowest. Swift has no word for "one bit of each byte";
// Clang's vectors have, and become what the processor has: SSE2, AVX2, NEON.
#include <stdint.h>

typedef uint8_t byte_block __attribute__((ext_vector_type(64), aligned(1)));
typedef int8_t byte_signs __attribute__((ext_vector_type(64)));
typedef _Bool byte_bits __attribute__((ext_vector_type(64)));

struct byte_masks {
    uint64_t visible;       // above the space, and beyond ASCII
    uint64_t unparted;      // those but @, which parts an address
    uint64_t alphanumeric;  // letters and digits of ASCII
    uint64_t digits;
    uint64_t odd;  // control characters, line breaks and tabs too, and beyond ASCII
    uint64_t ends;  // what ends a sentence: . ! ?
};

struct byte_oddities {
    uint64_t high;      // beyond ASCII
    uint64_t controls;  // control characters but tab, line feed and carriage return
};

static inline __attribute__((always_inline)) uint64_t byte_mask(byte_signs signs) {
    byte_bits bits = __builtin_convertvector(signs, byte_bits);
    uint64_t mask;
    __builtin_memcpy(&mask, &bits, sizeof mask);
    // Made here, not behind the branch that asks for it: up to there, the 64 bits would be carried one by one.
    __asm__ volatile("" : "+r"(mask));
    return mask;
}

// `block` has 64 bytes that may be read.
static inline __attribute__((always_inline)) struct byte_masks byte_masks_of(const void *block) {
    byte_block bytes = *(const byte_block *)block;
    byte_signs visible = (byte_signs)(bytes > (uint8_t)' ');
    byte_signs digits = (byte_signs)(bytes - (uint8_t)'0' < (uint8_t)10);
    byte_signs letters = (byte_signs)((bytes | (uint8_t)0x20) - (uint8_t)'a' < (uint8_t)26);
    byte_signs ends =
        (byte_signs)(bytes == (uint8_t)'.') | (byte_signs)(bytes == (uint8_t)'!') | (byte_signs)(bytes == (uint8_t)'?');
    struct byte_masks masks = {
        byte_mask(visible),
        byte_mask(visible & (byte_signs)(bytes != (uint8_t)'@')),
        byte_mask(digits | letters),
        byte_mask(digits),
        // One comparison tells all: the delete character becomes the lowest of the signed numbers.
        byte_mask((byte_signs)((byte_signs)(bytes + (uint8_t)1) < (int8_t)0x21)),
        byte_mask(ends),
    };
    return masks;
}

// `block` has 64 bytes that may be read.
static inline struct byte_oddities byte_oddities_of(const void *block) {
    byte_block bytes = *(const byte_block *)block;
    byte_signs spaces =
        (byte_signs)(bytes == (uint8_t)'\t') | (byte_signs)(bytes == (uint8_t)'\n') | (byte_signs)(bytes == (uint8_t)'\r');
    byte_signs controls = (byte_signs)(bytes < (uint8_t)' ') | (byte_signs)(bytes == (uint8_t)0x7F);
    struct byte_oddities oddities = {byte_mask((byte_signs)(bytes > (uint8_t)0x7F)), byte_mask(controls & ~spaces)};
    return oddities;
}
