// Fibonacci numbers by plain recursion: calls, returns and the stack. A pass is fib(22).
fibonacci:
  stp x29, x30, [sp, #-32]!
  stp x19, x20, [sp, #16]
  mov x19, x0
  mov x20, #0
1:
  mov x0, #22
  bl fibonacci_of
  eor x20, x0, x20, ror #7
  subs x19, x19, #1
  b.ne 1b
  mov x0, x20
  ldp x19, x20, [sp, #16]
  ldp x29, x30, [sp], #32
  ret

fibonacci_of:
  cmp x0, #2
  b.lo 1f
  stp x29, x30, [sp, #-32]!
  mov x29, sp
  str x19, [sp, #16]
  sub x19, x0, #2
  sub x0, x0, #1
  bl fibonacci_of
  str x0, [sp, #24]
  mov x0, x19
  bl fibonacci_of
  ldr x1, [sp, #24]
  add x0, x0, x1
  ldr x19, [sp, #16]
  ldp x29, x30, [sp], #32
1:
  ret
