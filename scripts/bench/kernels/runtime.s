// The runtime of all kernels: turns the MMU and the caches on, runs the kernels of kernel_table one after the other,
// prints for each
//   BENCH name seconds
//   CHECK name checksum
// and powers off. A kernel is a function by the rules of AAPCS64: x0 = passes, result x0 = checksum.
.equ RAM, 0x40000000
.equ TABLES, 0x41000000         // level 1, level 2, then the level-3 tables
.equ LEVEL3_TABLES, 64          // 2 MiB each: 128 MiB of RAM are mapped
.equ STACK_TOP, 0x41800000
.equ ARENA, 0x42000000          // the kernels' data

start:
  ldr x0, =STACK_TOP
  mov sp, x0
  mov x0, #3 << 20              // CPACR_EL1.FPEN: FP and SIMD do not trap
  msr cpacr_el1, x0
  adr x0, vectors
  msr vbar_el1, x0
  isb
  ldr x1, =UART
  mov w0, #UART_ENABLE_TRANSMIT
  str w0, [x1, #UART_CR]
  bl enable_mmu
  bl run_kernels
power_off:
  ldr w0, =PSCI_SYSTEM_OFF
  hvc #0
1:
  b 1b

// An identity map of 39 bits: one block for the devices below RAM, 4 KiB pages for RAM (what user programs get, too).
enable_mmu:
  ldr x0, =TABLES
  mov x1, #1024
  mov x2, x0
1:
  str xzr, [x2], #8             // levels 1 and 2
  subs x1, x1, #1
  b.ne 1b
  ldr x1, =0x0060000000000401   // block at 0: UXN, PXN, AF, attribute 0
  str x1, [x0]
  add x1, x0, #0x1000           // level 2
  orr x2, x1, #3
  str x2, [x0, #8]              // table for RAM
  add x2, x1, #0x1000           // the first level-3 table
  mov x3, #LEVEL3_TABLES
2:
  orr x4, x2, #3
  str x4, [x1], #8
  add x2, x2, #0x1000
  subs x3, x3, #1
  b.ne 2b
  add x1, x0, #0x2000
  ldr x2, =RAM + 0x707          // page: AF, inner shareable, attribute 1
  mov x3, #LEVEL3_TABLES * 512
3:
  str x2, [x1], #8
  add x2, x2, #0x1000
  subs x3, x3, #1
  b.ne 3b
  mov x1, #0xff00               // MAIR: 0 is Device-nGnRnE, 1 is Normal, write-back
  msr mair_el1, x1
  ldr x1, =0x200803519          // TCR: T0SZ 25, write-back walks, inner shareable, EPD1, 40 bits of physical address
  msr tcr_el1, x1
  msr ttbr0_el1, x0
  dsb ish
  tlbi vmalle1
  dsb ish
  isb
  mrs x0, sctlr_el1
  mov x1, #0x1005               // I, C, M
  orr x0, x0, x1
  msr sctlr_el1, x0
  isb
  ret

run_kernels:
  stp x29, x30, [sp, #-64]!
  stp x19, x20, [sp, #16]
  stp x21, x22, [sp, #32]
  stp x23, x24, [sp, #48]
  adr x19, kernel_table
1:
  ldr w20, [x19]                // the name, relative to the table
  cbz w20, 2f
  adr x24, kernel_table
  add x20, x24, x20
  ldrsw x23, [x19, #4]
  add x23, x24, x23
  isb
  mrs x21, cntvct_el0
  ldr x0, [x19, #8]
  blr x23
  isb
  mrs x22, cntvct_el0
  sub x21, x22, x21
  mov x22, x0
  adr x0, text_bench
  mov x1, x20
  bl print_label
  mov x0, x21
  bl print_seconds
  adr x0, text_check
  mov x1, x20
  bl print_label
  mov x0, x22
  bl print_hex
  add x19, x19, #16
  b 1b
2:
  ldp x23, x24, [sp, #48]
  ldp x21, x22, [sp, #32]
  ldp x19, x20, [sp, #16]
  ldp x29, x30, [sp], #64
  ret

// x0: text, x1: the kernel's name. Prints both and a blank.
print_label:
  stp x30, x1, [sp, #-16]!
  bl print_text
  ldr x0, [sp, #8]
  bl print_text
  mov w0, #' '
  bl print_character
  ldr x30, [sp], #16
  ret

print_text:
  mov x10, x30
  mov x9, x0
1:
  ldrb w0, [x9], #1
  cbz w0, 2f
  bl print_character
  b 1b
2:
  br x10

// w0: a character. Changes x11 and x12 only.
print_character:
  ldr x11, =UART
1:
  ldr w12, [x11, #UART_FR]
  tbnz w12, #UART_FR_TXFF_BIT, 1b
  str w0, [x11, #UART_DR]
  ret

// x0: ticks of the counter. Prints seconds with six decimals and a line feed.
print_seconds:
  mov x10, x30
  mrs x1, cntfrq_el0
  udiv x2, x0, x1
  msub x3, x2, x1, x0
  ldr x4, =1000000
  mul x3, x3, x4
  udiv x3, x3, x1               // microseconds after the point
  madd x3, x2, x4, x3
  ldr x4, =1000000000           // weight of the digit: up to 9999 s
  mov x5, #10
1:
  udiv x6, x3, x4
  msub x3, x6, x4, x3
  add w0, w6, #'0'
  bl print_character
  ldr x7, =1000000
  cmp x4, x7
  b.ne 2f
  mov w0, #'.'
  bl print_character
2:
  udiv x4, x4, x5
  cbnz x4, 1b
  mov w0, #10
  bl print_character
  br x10

// x0: a value. Prints 16 digits and a line feed.
print_hex:
  mov x10, x30
  mov x1, x0
  mov w2, #16
1:
  ror x1, x1, #60               // the next digit, from the left
  and w3, w1, #15
  add w0, w3, #'0'
  add w4, w3, #'a' - 10
  cmp w3, #10
  csel w0, w0, w4, lo
  bl print_character
  subs w2, w2, #1
  b.ne 1b
  mov w0, #10
  bl print_character
  br x10

// x0: where, x1: bytes (a multiple of 8), x2: seed, not 0. Fills memory with xorshift64; x0 then points after it.
fill_random:
  eor x2, x2, x2, lsl #13
  eor x2, x2, x2, lsr #7
  eor x2, x2, x2, lsl #17
  str x2, [x0], #8
  subs x1, x1, #8
  b.ne fill_random
  ret

// No exception is expected: says which one it was and powers off.
unexpected:
  adr x0, text_fault
  bl print_text
  mrs x0, esr_el1
  bl print_hex
  mrs x0, elr_el1
  bl print_hex
  mrs x0, far_el1
  bl print_hex
  b power_off
  .ltorg

text_bench: .asciz "BENCH "
text_check: .asciz "CHECK "
text_fault: .asciz "FAULT "

  .balign 2048
vectors:
  b unexpected                  // current EL with SP_EL0: synchronous
  .org vectors + 0x200
  b unexpected                  // current EL with SP_ELx: synchronous
  .org vectors + 0x280
  b unexpected                  // IRQ
  .org vectors + 0x300
  b unexpected                  // FIQ
  .org vectors + 0x380
  b unexpected                  // SError
