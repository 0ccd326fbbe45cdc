// FNV-1a with 64 bits over 64 KiB, byte by byte; a xorshift of the hash begins the next pass.
.equ FNV1A_BYTES, 0x10000

fnv1a:
  stp x30, x0, [sp, #-16]!
  ldr x0, =ARENA
  mov x1, #FNV1A_BYTES
  mov x2, #1
  bl fill_random
  ldp x30, x0, [sp], #16
  ldr x1, =0xcbf29ce484222325   // offset basis
  ldr x2, =0x100000001b3        // prime
1:
  ldr x3, =ARENA
  add x4, x3, #FNV1A_BYTES >> 12, lsl #12
2:
  ldrb w5, [x3], #1
  eor x1, x1, x5
  mul x1, x1, x2
  cmp x3, x4
  b.ne 2b
  eor x1, x1, x1, lsr #29
  eor x1, x1, x1, lsl #32
  subs x0, x0, #1
  b.ne 1b
  mov x0, x1
  ret
  .ltorg
