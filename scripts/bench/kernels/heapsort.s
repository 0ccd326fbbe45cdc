// Heapsort of 16 Ki random words, new ones each pass. The checksum mixes the sorted words of all passes in their order.
.equ HEAPSORT_COUNT, 0x4000

heapsort:
  stp x29, x30, [sp, #-48]!
  stp x19, x20, [sp, #16]
  stp x21, x22, [sp, #32]
  mov x19, x0
  mov x20, #0
1:
  ldr x0, =ARENA
  mov x1, #HEAPSORT_COUNT * 4
  add x2, x19, #1
  bl fill_random
  bl heapsort_words
  ldr x0, =ARENA
  mov x1, #HEAPSORT_COUNT
2:
  ldr w2, [x0], #4
  eor x20, x2, x20, ror #7
  subs x1, x1, #1
  b.ne 2b
  subs x19, x19, #1
  b.ne 1b
  mov x0, x20
  ldp x21, x22, [sp, #32]
  ldp x19, x20, [sp, #16]
  ldp x29, x30, [sp], #48
  ret

heapsort_words:
  stp x29, x30, [sp, #-16]!
  ldr x0, =ARENA
  mov x1, #HEAPSORT_COUNT
  mov x2, #HEAPSORT_COUNT / 2
1:
  sub x2, x2, #1
  bl heapsort_sift_down
  cbnz x2, 1b
2:
  sub x1, x1, #1                // the largest goes after the heap
  ldr w3, [x0]
  ldr w4, [x0, x1, lsl #2]
  str w4, [x0]
  str w3, [x0, x1, lsl #2]
  bl heapsort_sift_down
  cmp x1, #1
  b.ne 2b
  ldp x29, x30, [sp], #16
  ret

// x0: words, x1: how many, x2: index of the one that may be too small. Changes x3 to x7.
heapsort_sift_down:
  mov x3, x2
  ldr w4, [x0, x3, lsl #2]
1:
  lsl x5, x3, #1
  add x5, x5, #1                // the left child
  cmp x5, x1
  b.hs 3f
  ldr w6, [x0, x5, lsl #2]
  add x7, x5, #1
  cmp x7, x1
  b.hs 2f
  ldr w8, [x0, x7, lsl #2]
  cmp w8, w6
  csel w6, w8, w6, hi
  csel x5, x7, x5, hi
2:
  cmp w6, w4
  b.ls 3f
  str w6, [x0, x3, lsl #2]
  mov x3, x5
  b 1b
3:
  str w4, [x0, x3, lsl #2]
  ret
  .ltorg
