// y += a × x with NEON in single precision, 16 Ki elements, fused, as compilers write it. The checksum mixes the bits of y.
.equ SAXPY_BYTES, 0x10000

saxpy:
  ldr x1, =ARENA                // x
  add x2, x1, #SAXPY_BYTES >> 12, lsl #12 // y
  mov x3, #0
1:
  ucvtf s0, w3
  str s0, [x1, x3]
  fadd s0, s0, s0
  str s0, [x2, x3]
  add x3, x3, #4
  cmp x3, #SAXPY_BYTES >> 12, lsl #12
  b.ne 1b
  ldr w4, =0x3a83126f           // 0.001
  dup v16.4s, w4
2:
  mov x3, x1
  mov x4, x2
3:
  ldp q0, q1, [x3], #32
  ldp q2, q3, [x4]
  fmla v2.4s, v0.4s, v16.4s
  fmla v3.4s, v1.4s, v16.4s
  stp q2, q3, [x4], #32
  cmp x3, x2
  b.ne 3b
  subs x0, x0, #1
  b.ne 2b
  mov x3, #SAXPY_BYTES
4:
  ldr w4, [x2], #4
  eor x0, x4, x0, ror #7
  subs x3, x3, #4
  b.ne 4b
  ret
  .ltorg
