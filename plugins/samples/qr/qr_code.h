/* QR codes (ISO/IEC 18004): byte mode, error correction level M, versions 1 to 10: up to 213 bytes. */
#ifndef QR_CODE_H
#define QR_CODE_H

#include <stddef.h>

enum { qr_max_size = 57, qr_max_bytes = 213 };

typedef struct qr_code {
  int version; /* 1 to 10 */
  int size;    /* 17 + 4 * version modules a side */
  int mask;    /* 0 to 7 */
  unsigned char dark[qr_max_size][qr_max_size]; /* [y][x]: 1 is dark. Without the quiet zone of four modules around it */
} qr_code;

/* mask  0 to 7, or -1: the one with the lowest penalty.
 * 1; or 0 where the bytes are too many. */
int qr_encode(const unsigned char* bytes, size_t size, int mask, qr_code* out);

#endif
