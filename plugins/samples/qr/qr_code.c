/* The steps of ISO/IEC 18004:2015, in their order: data, error correction, placement, masking, format. Numbers of sections below. */
#include "qr_code.h"

#include <string.h>

enum { max_codewords = 346, max_correction = 26, max_versions = 10 };

/* Table 9 for level M, table 1, annex E; the index is the version. */
static const int total_codewords[max_versions + 1] = {0, 26, 44, 70, 100, 134, 172, 196, 242, 292, 346};
static const int correction_codewords[max_versions + 1] = {0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26}; /* a block */
static const int blocks[max_versions + 1] = {0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5};
static const int alignment[max_versions + 1][3] = {{0},        {0},         {6, 18},     {6, 22},     {6, 26},    {6, 30},
                                                   {6, 34},    {6, 22, 38}, {6, 24, 42}, {6, 26, 46}, {6, 28, 50}};

static int data_codewords(int version) { return total_codewords[version] - correction_codewords[version] * blocks[version]; }
static int length_bits(int version) { return version < 10 ? 8 : 16; }
static int capacity(int version) { return (data_codewords(version) * 8 - 4 - length_bits(version)) / 8; }

/* ---- 7.4: bits ---- */

typedef struct bit_writer {
  unsigned char* bytes;
  int count;
} bit_writer;

static void put_bits(bit_writer* out, unsigned value, int bits) {
  while (bits-- > 0) {
    if ((value >> bits) & 1u) out->bytes[out->count / 8] |= (unsigned char)(0x80u >> (out->count % 8));
    ++out->count;
  }
}

/* The data codewords: mode, length, bytes, end, and padding. */
static void put_data(const unsigned char* bytes, size_t size, int version, unsigned char* out) {
  const int wanted = data_codewords(version);
  bit_writer bits = {out, 0};
  size_t i;
  int at;
  memset(out, 0, max_codewords);
  put_bits(&bits, 4, 4);
  put_bits(&bits, (unsigned)size, length_bits(version));
  for (i = 0; i < size; ++i) put_bits(&bits, bytes[i], 8);
  at = (bits.count + 4 + 7) / 8; /* four bits of end, as far as there is room, then to the next byte */
  for (i = 0; at < wanted; ++at, ++i) out[at] = i % 2 ? 0x11 : 0xEC;
}

/* ---- 7.5: Reed-Solomon over GF(256), x^8 + x^4 + x^3 + x^2 + 1 ---- */

static unsigned multiply(unsigned a, unsigned b) {
  unsigned product = 0;
  for (; b; b >>= 1) {
    if (b & 1) product ^= a;
    a = (a << 1) ^ (a & 0x80 ? 0x11Du : 0u);
  }
  return product;
}

/* The coefficients below the leading 1 of (x - 1)(x - 2)(x - 4)…, highest first. */
static void make_generator(int degree, unsigned char* out) {
  unsigned root = 1;
  int i, j;
  memset(out, 0, (size_t)degree);
  out[degree - 1] = 1;
  for (i = 0; i < degree; ++i) {
    for (j = 0; j < degree; ++j) out[j] = (unsigned char)(multiply(out[j], root) ^ (j + 1 < degree ? out[j + 1] : 0u));
    root = multiply(root, 2);
  }
}

static void divide(const unsigned char* data, int size, const unsigned char* generator, int degree, unsigned char* rest) {
  int i, j;
  memset(rest, 0, (size_t)degree);
  for (i = 0; i < size; ++i) {
    const unsigned factor = data[i] ^ rest[0];
    memmove(rest, rest + 1, (size_t)degree - 1);
    rest[degree - 1] = 0;
    for (j = 0; j < degree; ++j) rest[j] ^= (unsigned char)multiply(generator[j], factor);
  }
}

/* 7.6: the codewords of all blocks, interleaved: first the data, then the correction. The last blocks may have one byte more. */
static void interleave(const unsigned char* data, int version, unsigned char* out) {
  const int count = blocks[version], degree = correction_codewords[version];
  const int short_size = data_codewords(version) / count, short_blocks = count - data_codewords(version) % count;
  unsigned char generator[max_correction], correction[5][max_correction];
  int starts[5], block, i, at = 0;
  make_generator(degree, generator);
  for (block = 0, i = 0; block < count; ++block) {
    const int size = short_size + (block >= short_blocks);
    starts[block] = i;
    divide(data + i, size, generator, degree, correction[block]);
    i += size;
  }
  for (i = 0; i <= short_size; ++i)
    for (block = 0; block < count; ++block)
      if (i < short_size || block >= short_blocks) out[at++] = data[starts[block] + i];
  for (i = 0; i < degree; ++i)
    for (block = 0; block < count; ++block) out[at++] = correction[block][i];
}

/* ---- 6.3: patterns that carry no data ---- */

typedef struct grid {
  qr_code* code;
  unsigned char is_function[qr_max_size][qr_max_size];
} grid;

static void set_function(grid* out, int x, int y, int is_dark) {
  if (x < 0 || y < 0 || x >= out->code->size || y >= out->code->size) return;
  out->code->dark[y][x] = (unsigned char)(is_dark != 0);
  out->is_function[y][x] = 1;
}

static int larger(int a, int b) { return a > b ? a : b; }
static int absolute(int a) { return a < 0 ? -a : a; }

static void draw_finder(grid* out, int x, int y) {
  int dx, dy;
  for (dy = -4; dy <= 4; ++dy)
    for (dx = -4; dx <= 4; ++dx) {
      const int distance = larger(absolute(dx), absolute(dy));
      set_function(out, x + dx, y + dy, distance != 2 && distance != 4);
    }
}

static void draw_alignments(grid* out) {
  const int* places = alignment[out->code->version];
  const int last = out->code->size - 7;
  int i, j, dx, dy;
  for (i = 0; i < 3; ++i)
    for (j = 0; j < 3; ++j) {
      const int x = places[i], y = places[j];
      if (x == 0 || y == 0 || (x == 6 && y == 6) || (x == 6 && y == last) || (x == last && y == 6)) continue;
      for (dy = -2; dy <= 2; ++dy)
        for (dx = -2; dx <= 2; ++dx) set_function(out, x + dx, y + dy, larger(absolute(dx), absolute(dy)) != 1);
    }
}

/* 7.10: 18 bits, twice, from version 7 on. */
static void draw_version(grid* out) {
  const int version = out->code->version, size = out->code->size;
  unsigned rest = (unsigned)version, bits;
  int i;
  if (version < 7) return;
  for (i = 0; i < 12; ++i) rest = (rest << 1) ^ ((rest >> 11) * 0x1F25u);
  bits = (unsigned)version << 12 | rest;
  for (i = 0; i < 18; ++i) {
    set_function(out, size - 11 + i % 3, i / 3, (int)(bits >> i & 1));
    set_function(out, i / 3, size - 11 + i % 3, (int)(bits >> i & 1));
  }
}

/* 7.9: level M is 00; 15 bits, twice. */
static void draw_format(grid* out, int mask) {
  const int size = out->code->size;
  unsigned rest = (unsigned)mask, bits;
  int i;
  for (i = 0; i < 10; ++i) rest = (rest << 1) ^ ((rest >> 9) * 0x537u);
  bits = ((unsigned)mask << 10 | rest) ^ 0x5412u;
  for (i = 0; i < 15; ++i) {
    const int is_dark = (int)(bits >> i & 1);
    const int along = i < 6 ? i : i < 8 ? i + 1 : 14 - i; /* past the timing pattern */
    if (i < 8) {
      set_function(out, 8, along, is_dark);
      set_function(out, size - 1 - i, 8, is_dark);
    } else {
      set_function(out, i == 8 ? 7 : along, 8, is_dark);
      set_function(out, 8, size - 15 + i, is_dark);
    }
  }
  set_function(out, 8, size - 8, 1);
}

static void draw_functions(grid* out) {
  const int size = out->code->size;
  int i;
  for (i = 0; i < size; ++i) {
    set_function(out, 6, i, i % 2 == 0);
    set_function(out, i, 6, i % 2 == 0);
  }
  draw_finder(out, 3, 3);
  draw_finder(out, size - 4, 3);
  draw_finder(out, 3, size - 4);
  draw_alignments(out);
  draw_version(out);
  draw_format(out, 0); /* reserves the place */
}

/* 7.7.3: two columns at a time, from the right, up and down in turn. */
static void place_codewords(grid* out, const unsigned char* codewords) {
  const int size = out->code->size, bits = total_codewords[out->code->version] * 8;
  int right, i, j, at = 0;
  for (right = size - 1; right >= 1; right -= 2) {
    if (right == 6) right = 5; /* the timing pattern */
    for (i = 0; i < size; ++i)
      for (j = 0; j < 2; ++j) {
        const int x = right - j, y = ((right + 1) & 2) == 0 ? size - 1 - i : i;
        if (out->is_function[y][x] || at >= bits) continue;
        out->code->dark[y][x] = codewords[at / 8] >> (7 - at % 8) & 1;
        ++at;
      }
  }
}

/* ---- 7.8: masks ---- */

static int is_masked(int mask, int x, int y) {
  switch (mask) {
    case 0: return (x + y) % 2 == 0;
    case 1: return y % 2 == 0;
    case 2: return x % 3 == 0;
    case 3: return (x + y) % 3 == 0;
    case 4: return (x / 3 + y / 2) % 2 == 0;
    case 5: return x * y % 2 + x * y % 3 == 0;
    case 6: return (x * y % 2 + x * y % 3) % 2 == 0;
    default: return ((x + y) % 2 + x * y % 3) % 2 == 0;
  }
}

/* Twice is not at all. */
static void apply_mask(grid* out, int mask) {
  int x, y;
  for (y = 0; y < out->code->size; ++y)
    for (x = 0; x < out->code->size; ++x)
      if (!out->is_function[y][x] && is_masked(mask, x, y)) out->code->dark[y][x] ^= 1;
}

static int module_at(const qr_code* code, int line, int at, int is_column) {
  return is_column ? code->dark[at][line] : code->dark[line][at];
}

/* A run of five costs 3, each further module 1; what looks like a finder with four light modules beside it, 40. */
static int penalty_of_line(const qr_code* code, int line, int is_column) {
  int penalty = 0, run = 0, last = -1, at;
  unsigned window = 0;
  for (at = 0; at < code->size; ++at) {
    const int dark = module_at(code, line, at, is_column);
    run = dark == last ? run + 1 : 1;
    last = dark;
    if (run == 5) penalty += 3;
    else if (run > 5) penalty += 1;
    window = (window << 1 | (unsigned)dark) & 0x7FFu;
    if (at >= 10 && (window == 0x05D || window == 0x5D0)) penalty += 40;
  }
  return penalty;
}

static int penalty_of(const qr_code* code) {
  const int total = code->size * code->size;
  int penalty = 0, dark = 0, x, y, off;
  for (y = 0; y < code->size; ++y) {
    penalty += penalty_of_line(code, y, 0) + penalty_of_line(code, y, 1);
    for (x = 0; x < code->size; ++x) {
      const int sum = x && y ? code->dark[y][x] + code->dark[y - 1][x] + code->dark[y][x - 1] + code->dark[y - 1][x - 1] : 1;
      if (sum == 0 || sum == 4) penalty += 3;
      dark += code->dark[y][x];
    }
  }
  off = absolute(dark * 20 - total * 10); /* ten for each whole 5% away from a half */
  return penalty + off / total * 10;
}

static void mask_best(grid* out, int wanted) {
  int best = wanted, lowest = -1, mask;
  for (mask = 0; mask < 8 && wanted < 0; ++mask) {
    int penalty;
    apply_mask(out, mask);
    draw_format(out, mask);
    penalty = penalty_of(out->code);
    if (lowest < 0 || penalty < lowest) {
      lowest = penalty;
      best = mask;
    }
    apply_mask(out, mask);
  }
  apply_mask(out, best);
  draw_format(out, best);
  out->code->mask = best;
}

int qr_encode(const unsigned char* bytes, size_t size, int mask, qr_code* out) {
  unsigned char data[max_codewords], codewords[max_codewords];
  grid drawn;
  if (size > qr_max_bytes || mask > 7) return 0;
  memset(out, 0, sizeof *out);
  memset(&drawn, 0, sizeof drawn);
  out->version = 1;
  while (capacity(out->version) < (int)size) ++out->version;
  out->size = 17 + 4 * out->version;
  drawn.code = out;
  put_data(bytes, size, out->version, data);
  interleave(data, out->version, codewords);
  draw_functions(&drawn);
  place_codewords(&drawn, codewords);
  mask_best(&drawn, mask);
  return 1;
}
