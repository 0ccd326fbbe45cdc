// The compression function of SHA-256 (FIPS 180-4, 6.2.2) without the crypto extension, over 4 KiB a pass.
// The checksum is the first two words of the state.
.equ SHA256_BLOCKS, 64
.equ SHA256_SCHEDULE, ARENA + 0x10000   // 64 words

sha256:
  stp x29, x30, [sp, #-96]!
  stp x19, x20, [sp, #16]
  stp x21, x22, [sp, #32]
  stp x23, x24, [sp, #48]
  stp x25, x26, [sp, #64]
  stp x27, x28, [sp, #80]
  mov x19, x0
  ldr x0, =ARENA
  mov x1, #SHA256_BLOCKS * 64
  mov x2, #2
  bl fill_random
  ldr x20, =SHA256_SCHEDULE
  adr x21, sha256_constants
  adr x22, sha256_initial
  sub sp, sp, #32               // the state
  ldp q0, q1, [x22]
  stp q0, q1, [sp]
1:
  ldr x23, =ARENA
  mov x24, #SHA256_BLOCKS
2:
  bl sha256_schedule
  bl sha256_rounds
  add x23, x23, #64
  subs x24, x24, #1
  b.ne 2b
  subs x19, x19, #1
  b.ne 1b
  ldp w1, w0, [sp]
  orr x0, x0, x1, lsl #32
  add sp, sp, #32
  ldp x27, x28, [sp, #80]
  ldp x25, x26, [sp, #64]
  ldp x23, x24, [sp, #48]
  ldp x21, x22, [sp, #32]
  ldp x19, x20, [sp, #16]
  ldp x29, x30, [sp], #96
  ret

// x20: schedule, x23: block of 64 bytes.
sha256_schedule:
  mov x0, #0
1:
  ldr w1, [x23, x0, lsl #2]
  rev w1, w1
  str w1, [x20, x0, lsl #2]
  add x0, x0, #1
  cmp x0, #16
  b.ne 1b
  mov x2, x20
2:
  ldr w3, [x2, #14 * 4]
  ror w4, w3, #17
  eor w4, w4, w3, ror #19
  eor w4, w4, w3, lsr #10
  ldr w3, [x2, #4]
  ror w5, w3, #7
  eor w5, w5, w3, ror #18
  eor w5, w5, w3, lsr #3
  ldr w6, [x2]
  ldr w7, [x2, #9 * 4]
  add w4, w4, w5
  add w6, w6, w7
  add w4, w4, w6
  str w4, [x2, #16 * 4]
  add x2, x2, #4
  add x0, x0, #1
  cmp x0, #64
  b.ne 2b
  ret

// The variables a to h of the standard are w0 to w7; sp: state, x20: schedule, x21: constants.
sha256_rounds:
  ldp w0, w1, [sp]
  ldp w2, w3, [sp, #8]
  ldp w4, w5, [sp, #16]
  ldp w6, w7, [sp, #24]
  mov x8, #0
1:
  ror w9, w4, #6
  eor w9, w9, w4, ror #11
  eor w9, w9, w4, ror #25
  and w10, w4, w5
  bic w11, w6, w4
  eor w10, w10, w11
  ldr w11, [x20, x8, lsl #2]
  ldr w12, [x21, x8, lsl #2]
  add w7, w7, w9
  add w7, w7, w10
  add w11, w11, w12
  add w7, w7, w11               // T1
  ror w9, w0, #2
  eor w9, w9, w0, ror #13
  eor w9, w9, w0, ror #22
  eor w10, w0, w1
  and w10, w10, w2
  and w11, w0, w1
  eor w10, w10, w11             // Maj
  add w9, w9, w10               // T2
  add w13, w3, w7
  add w9, w9, w7
  mov w7, w6
  mov w6, w5
  mov w5, w4
  mov w4, w13
  mov w3, w2
  mov w2, w1
  mov w1, w0
  mov w0, w9
  add x8, x8, #1
  cmp x8, #64
  b.ne 1b
  ldp w9, w10, [sp]
  add w0, w0, w9
  add w1, w1, w10
  stp w0, w1, [sp]
  ldp w9, w10, [sp, #8]
  add w2, w2, w9
  add w3, w3, w10
  stp w2, w3, [sp, #8]
  ldp w9, w10, [sp, #16]
  add w4, w4, w9
  add w5, w5, w10
  stp w4, w5, [sp, #16]
  ldp w9, w10, [sp, #24]
  add w6, w6, w9
  add w7, w7, w10
  stp w6, w7, [sp, #24]
  ret
  .ltorg

  .balign 16
sha256_initial:
  .word 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
sha256_constants:
  .word 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5
  .word 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174
  .word 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da
  .word 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967
  .word 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85
  .word 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070
  .word 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3
  .word 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
