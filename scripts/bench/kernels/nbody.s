// Five bodies attract each other, in double precision with square roots and divisions; a pass is 64 steps of the time.
// A body is x, y, z, mass and the three velocities. The checksum mixes the bits of all positions.
.equ NBODY_STEPS, 64
.equ NBODY_COUNT, 5
.equ NBODY_BYTES, 64

nbody:
  ldr x1, =ARENA
  adr x2, nbody_initial
  mov x3, #NBODY_COUNT * NBODY_BYTES
1:
  ldr q0, [x2], #16
  str q0, [x1], #16
  subs x3, x3, #16
  b.ne 1b
  ldr x1, =ARENA
  add x2, x1, #NBODY_COUNT * NBODY_BYTES
  adr x3, nbody_step
  ldr d31, [x3]
2:
  mov x3, #NBODY_STEPS
3:
  mov x4, x1                    // each body
4:
  ldp d0, d1, [x4]
  ldp d2, d3, [x4, #16]
  ldp d4, d5, [x4, #32]
  ldr d6, [x4, #48]
  add x5, x4, #NBODY_BYTES      // and each later one
5:
  cmp x5, x2
  b.hs 6f
  ldp d16, d17, [x5]
  ldp d18, d19, [x5, #16]
  fsub d16, d0, d16
  fsub d17, d1, d17
  fsub d18, d2, d18
  fmul d20, d16, d16
  fmul d21, d17, d17
  fmul d22, d18, d18
  fadd d20, d20, d21
  fadd d20, d20, d22            // distance, squared
  fsqrt d21, d20
  fmul d20, d20, d21
  fdiv d20, d31, d20            // step / distance³
  fmul d21, d19, d20
  fmul d22, d3, d20
  fmul d23, d16, d21
  fsub d4, d4, d23
  fmul d23, d17, d21
  fsub d5, d5, d23
  fmul d23, d18, d21
  fsub d6, d6, d23
  ldp d24, d25, [x5, #32]
  ldr d26, [x5, #48]
  fmul d23, d16, d22
  fadd d24, d24, d23
  fmul d23, d17, d22
  fadd d25, d25, d23
  fmul d23, d18, d22
  fadd d26, d26, d23
  stp d24, d25, [x5, #32]
  str d26, [x5, #48]
  add x5, x5, #NBODY_BYTES
  b 5b
6:
  fmul d23, d4, d31
  fadd d0, d0, d23
  fmul d23, d5, d31
  fadd d1, d1, d23
  fmul d23, d6, d31
  fadd d2, d2, d23
  stp d0, d1, [x4]
  str d2, [x4, #16]
  stp d4, d5, [x4, #32]
  str d6, [x4, #48]
  add x4, x4, #NBODY_BYTES
  cmp x4, x2
  b.ne 4b
  subs x3, x3, #1
  b.ne 3b
  subs x0, x0, #1
  b.ne 2b
7:
  ldp x3, x4, [x1]
  ldr x5, [x1, #16]
  eor x0, x3, x0, ror #7
  eor x0, x4, x0, ror #7
  eor x0, x5, x0, ror #7
  add x1, x1, #NBODY_BYTES
  cmp x1, x2
  b.ne 7b
  ret
  .ltorg

  .balign 8
nbody_step:
  .quad 0x3f50624dd2f1a9fc      // 0.001
nbody_initial:                  // x, y, z, mass, then the velocities and a gap
  .quad 0x0000000000000000, 0x0000000000000000, 0x0000000000000000, 0x4044000000000000, 0, 0, 0, 0
  .quad 0x4014000000000000, 0xbff0000000000000, 0xbfb999999999999a, 0x3fa0000000000000, 0x3fe0000000000000, 0x4006000000000000, 0xbf90000000000000, 0
  .quad 0x4020000000000000, 0x4010000000000000, 0xbfd0000000000000, 0x3f88000000000000, 0xbff0000000000000, 0x3ff8000000000000, 0x3f80000000000000, 0
  .quad 0x4028000000000000, 0xc02e000000000000, 0xbfc8000000000000, 0x3f60000000000000, 0x3ff0000000000000, 0x3fe8000000000000, 0xbf94000000000000, 0
  .quad 0x402e000000000000, 0xc039000000000000, 0x3fc4000000000000, 0x3f64000000000000, 0x3fec000000000000, 0x3fe0000000000000, 0xbfa0000000000000, 0
