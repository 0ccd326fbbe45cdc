// Counts a byte's occurrences in 64 KiB with NEON; another byte each pass. The checksum is the sum of the counts.
.equ BYTECOUNT_BYTES, 0x10000

bytecount:
  stp x30, x0, [sp, #-16]!
  ldr x0, =ARENA
  mov x1, #BYTECOUNT_BYTES
  mov x2, #4
  bl fill_random
  ldp x30, x0, [sp], #16
  mov x1, #0
1:
  dup v16.16b, w0
  ldr x2, =ARENA
  add x3, x2, #BYTECOUNT_BYTES >> 12, lsl #12
2:
  movi v17.16b, #0
  mov w4, #64                   // lanes of eight bits hold this many rounds of two
3:
  ldp q0, q1, [x2], #32
  cmeq v0.16b, v0.16b, v16.16b
  cmeq v1.16b, v1.16b, v16.16b
  sub v17.16b, v17.16b, v0.16b
  sub v17.16b, v17.16b, v1.16b
  subs w4, w4, #1
  b.ne 3b
  uaddlv h17, v17.16b
  umov w5, v17.h[0]
  add x1, x1, x5
  cmp x2, x3
  b.ne 2b
  subs x0, x0, #1
  b.ne 1b
  mov x0, x1
  ret
  .ltorg
