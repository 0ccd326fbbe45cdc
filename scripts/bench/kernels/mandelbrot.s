// The Mandelbrot set in double precision on a grid of 64 × 64 with up to 100 iterations: products and sums, as a compiler
// makes them without contraction. The checksum is the number of iterations of all passes.
.equ MANDELBROT_SIZE, 64
.equ MANDELBROT_ITERATIONS, 100

mandelbrot:
  mov x1, #0
  adr x2, mandelbrot_constants
  ldp d16, d17, [x2]            // the left edge, the upper edge
  ldr d18, [x2, #16]            // the step, horizontally
  ldr d19, [x2, #24]            // and vertically
  fmov d20, #4.0
1:
  fmov d1, d17
  mov x3, #MANDELBROT_SIZE
2:
  fmov d0, d16
  mov x4, #MANDELBROT_SIZE
3:
  fmov d2, d0                   // z = c
  fmov d3, d1
  mov x5, #MANDELBROT_ITERATIONS
4:
  fmul d4, d2, d2
  fmul d5, d3, d3
  fadd d6, d4, d5
  fcmp d6, d20
  b.gt 5f
  fmul d7, d2, d3
  fsub d2, d4, d5
  fadd d2, d2, d0
  fadd d7, d7, d7
  fadd d3, d7, d1
  add x1, x1, #1
  subs x5, x5, #1
  b.ne 4b
5:
  fadd d0, d0, d18
  subs x4, x4, #1
  b.ne 3b
  fadd d1, d1, d19
  subs x3, x3, #1
  b.ne 2b
  subs x0, x0, #1
  b.ne 1b
  mov x0, x1
  ret

  .balign 8
mandelbrot_constants:
  .quad 0xc000000000000000      // -2
  .quad 0xbff4000000000000      // -1.25
  .quad 0x3fa8000000000000      // 3/64
  .quad 0x3fa4000000000000      // 2.5/64
