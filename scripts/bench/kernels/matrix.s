// C += A × B, 64 × 64 words, in the order of the textbook. The checksum mixes C.
.equ MATRIX_SIZE, 64
.equ MATRIX_BYTES, MATRIX_SIZE * MATRIX_SIZE * 4

matrix:
  stp x30, x0, [sp, #-16]!
  ldr x0, =ARENA
  ldr x1, =3 * MATRIX_BYTES
  mov x2, #3
  bl fill_random
  ldp x30, x0, [sp], #16
  ldr x1, =ARENA                // A
  ldr x2, =ARENA + MATRIX_BYTES // B
1:
  ldr x3, =ARENA + 2 * MATRIX_BYTES // C
  mov x4, #0                    // row of A
2:
  mov x5, #0                    // column of B
3:
  ldr w6, [x3]
  add x7, x1, x4, lsl #8
  add x8, x2, x5, lsl #2
  mov x9, #MATRIX_SIZE
4:
  ldr w10, [x7], #4
  ldr w11, [x8]
  add x8, x8, #MATRIX_SIZE * 4
  madd w6, w10, w11, w6
  subs x9, x9, #1
  b.ne 4b
  str w6, [x3], #4
  add x5, x5, #1
  cmp x5, #MATRIX_SIZE
  b.ne 3b
  add x4, x4, #1
  cmp x4, #MATRIX_SIZE
  b.ne 2b
  subs x0, x0, #1
  b.ne 1b
  ldr x1, =ARENA + 2 * MATRIX_BYTES
  mov x2, #MATRIX_SIZE * MATRIX_SIZE
5:
  ldr w3, [x1], #4
  eor x0, x3, x0, ror #7
  subs x2, x2, #1
  b.ne 5b
  ret
  .ltorg
