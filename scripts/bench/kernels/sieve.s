// The sieve of Eratosthenes below 256 Ki, a byte for each number. The checksum is the number of primes, 23000.
.equ SIEVE_LIMIT, 0x40000

sieve:
  ldr x1, =ARENA
  mov x2, #SIEVE_LIMIT
1:
  movi v0.16b, #1
  add x3, x1, x2
2:
  stp q0, q0, [x3, #-32]!
  cmp x3, x1
  b.ne 2b
  strh wzr, [x1]                // neither 0 nor 1
  mov x3, #2
3:
  ldrb w4, [x1, x3]
  cbz w4, 5f
  mul x5, x3, x3
  cmp x5, x2
  b.hs 6f
4:
  strb wzr, [x1, x5]
  add x5, x5, x3
  cmp x5, x2
  b.lo 4b
5:
  add x3, x3, #1
  b 3b
6:
  mov x6, #0
  mov x3, #0
7:
  ldrb w4, [x1, x3]
  add x6, x6, x4
  add x3, x3, #1
  cmp x3, x2
  b.ne 7b
  subs x0, x0, #1
  b.ne 1b
  mov x0, x6
  ret
  .ltorg
