// String functions as in a C library: a pass copies 4 KiB by pairs of registers, takes the length of the copy byte by byte and
// compares both by words. The checksum is the sum of the lengths and of the equal bytes.
.equ STRINGS_BYTES, 0x1000

strings:
  stp x29, x30, [sp, #-48]!
  stp x19, x20, [sp, #16]
  str x21, [sp, #32]
  mov x19, x0
  mov x20, #0
  ldr x0, =ARENA
  mov x1, #STRINGS_BYTES
  ldr x2, =0x4142434445464748
1:
  str x2, [x0], #8
  subs x1, x1, #8
  b.ne 1b
  strb wzr, [x0, #-1]           // the end of the string
2:
  ldr x0, =ARENA + 2 * STRINGS_BYTES
  ldr x1, =ARENA
  mov x2, #STRINGS_BYTES
  bl strings_copy
  ldr x0, =ARENA + 2 * STRINGS_BYTES
  bl strings_length
  add x20, x20, x0
  ldr x0, =ARENA + 2 * STRINGS_BYTES
  ldr x1, =ARENA
  mov x2, #STRINGS_BYTES
  bl strings_compare
  add x20, x20, x0
  subs x19, x19, #1
  b.ne 2b
  mov x0, x20
  ldr x21, [sp, #32]
  ldp x19, x20, [sp, #16]
  ldp x29, x30, [sp], #48
  ret

// x0: to, x1: from, x2: bytes, a multiple of 64.
strings_copy:
  ldp x3, x4, [x1]
  ldp x5, x6, [x1, #16]
  ldp x7, x8, [x1, #32]
  ldp x9, x10, [x1, #48]
  add x1, x1, #64
  stp x3, x4, [x0]
  stp x5, x6, [x0, #16]
  stp x7, x8, [x0, #32]
  stp x9, x10, [x0, #48]
  add x0, x0, #64
  subs x2, x2, #64
  b.ne strings_copy
  ret

strings_length:
  mov x1, x0
1:
  ldrb w2, [x1], #1
  cbnz w2, 1b
  sub x0, x1, x0
  sub x0, x0, #1
  ret

// Returns how many bytes at x0 and x1 are equal from the start, of x2 (a multiple of 8), in steps of 8.
strings_compare:
  mov x3, x2
1:
  ldr x4, [x0], #8
  ldr x5, [x1], #8
  cmp x4, x5
  b.ne 2f
  subs x3, x3, #8
  b.ne 1b
2:
  sub x0, x2, x3
  ret
  .ltorg
