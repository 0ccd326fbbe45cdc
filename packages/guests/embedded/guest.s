// The embedded guest: a bare-metal program for one AArch64 CPU at EL1 on a "virt" board. Each step does something that traps, faults
// or interrupts, compares what came with what the architecture says, and prints a line. It needs no device tree and no disk, and
// powers the machine off.
//
// Assembled by @qvm/asm-aarch64 (scripts/build-embedded.mjs) after start.s; no linker: everything is relative to the program counter, and the
// image starts on a page.

    .equ UART, 0x09000000           // PL011
    .equ UART_DR, 0x00
    .equ UART_FR, 0x18
    .equ UART_LCRH, 0x2c
    .equ UART_CR, 0x30
    .equ FR_RXFE, 4                 // bit numbers
    .equ FR_TXFF, 5
    .equ LOOKS, 8                   // for a character
    .equ GICR_SGI, 0x10000          // the redistributor's second frame
    .equ NOTHING, 0x0f000000        // no device, no memory
    .equ TIMER_INTERRUPT, 27        // virtual timer, a PPI
    .equ TICKS, 5
    .equ PSCI_VERSION, 0x84000000
    .equ PSCI_SYSTEM_OFF, 0x84000008

    .equ EC_UNKNOWN, 0x00
    .equ EC_FP, 0x07
    .equ EC_SVC, 0x15
    .equ EC_DATA_ABORT, 0x25        // from the same exception level

    .equ ALIAS, 0x100000000         // three pages there: read-only, read-write, nothing

// ---------------------------------------------------------------------------------------------------------------------------
// Steps. x20: device tree, x21: failures, x22: the UART; x24 is for the step.

entry:
    mov x20, x0
    mov x21, #0
    mov w0, #0x70                   // 8 bits, FIFOs
    str w0, [x22, #UART_LCRH]
    mov w0, #0x301                  // enabled, both directions
    str w0, [x22, #UART_CR]
    adr x0, text_start
    bl puts

    bl step_entry
    bl step_svc
    bl step_el0
    bl step_undefined
    bl step_data_abort
    bl step_fp_trap
    bl step_mmu
    bl step_translation_fault
    bl step_permission_fault
    bl step_fp
    bl step_simd
    bl step_exclusives
    bl step_code
    bl step_timer
    bl step_input
    bl step_psci

    adr x0, text_done
    cbz x21, 1f
    adr x0, text_failed
1:  bl puts
    ldr w0, =PSCI_SYSTEM_OFF
    hvc #0
2:  wfi
    b 2b

// EL1 with the MMU off, and a flattened device tree behind x0.
step_entry:
    stp x29, x30, [sp, #-16]!
    adr x0, text_entry
    bl puts
    mrs x1, currentel
    cmp x1, #1 << 2
    b.ne failed
    mrs x1, sctlr_el1
    tbnz x1, #0, failed
    ldr w1, [x20]
    rev w1, w1
    ldr w2, =0xd00dfeed
    cmp w1, w2
    b.ne failed
    adr x0, text_entry_ok
    b passed

// SVC at EL1 and back, with the immediate in the syndrome.
step_svc:
    stp x29, x30, [sp, #-16]!
    adr x0, text_svc
    bl puts
    mov x0, #EC_SVC
    bl expect
    svc #0x7ab
    ldr w1, =0x560007ab
    b check_syndrome

// ERET to EL0, which comes back by SVC through the vector for lower exception levels.
step_el0:
    stp x29, x30, [sp, #-16]!
    adr x0, text_el0
    bl puts
    mov x0, #EC_SVC
    bl expect
    adr x0, at_el0
    msr elr_el1, x0
    msr spsr_el1, xzr               // EL0t, interrupts on
    adr x0, back_from_el0
    adr x1, el0_return
    str x0, [x1]
    mov x0, sp
    msr sp_el0, x0
    eret
at_el0:
    mrs x0, currentel               // undefined here if the level is right
    svc #1
back_from_el0:
    adr x0, record
    ldr x1, [x0, #RECORD_COUNT]
    cmp x1, #2
    b.ne failed
    ldr w1, =0x56000001
    b check_syndrome

step_undefined:
    stp x29, x30, [sp, #-16]!
    adr x0, text_undefined
    bl puts
    mov x0, #EC_UNKNOWN
    bl expect
    adr x2, 1f
1:  .word 0                         // UDF #0
    adr x0, record
    ldr x1, [x0, #RECORD_ELR]
    cmp x1, x2
    b.ne failed
    ldr w1, =0x02000000
    b check_syndrome

// The MMU is off: an access that nothing answers is an external abort.
step_data_abort:
    stp x29, x30, [sp, #-16]!
    adr x0, text_abort
    bl puts
    mov x0, #EC_DATA_ABORT
    bl expect
    ldr x2, =NOTHING
    ldr x3, [x2]
    mov w1, #0x10                   // synchronous external abort
    b check_fault

step_fp_trap:
    stp x29, x30, [sp, #-16]!
    adr x0, text_fp_trap
    bl puts
    msr cpacr_el1, xzr
    isb
    mov x0, #EC_FP
    bl expect
    fmov d0, xzr
    mov x0, #3 << 20                // from now on FP is on
    msr cpacr_el1, x0
    isb
    ldr w1, =0x1fe00000
    b check_syndrome

// 39-bit addresses, identity for the first 3 GiB, and three pages at ALIAS.
step_mmu:
    stp x29, x30, [sp, #-16]!
    adr x0, text_mmu
    bl puts
    bl build_tables
    mov x0, #0xff00                 // attributes 0: device, 1: normal
    msr mair_el1, x0
    ldr x0, =1 << 32 | 1 << 23 | 3 << 12 | 1 << 10 | 1 << 8 | 25
    msr tcr_el1, x0
    adrp x0, level1
    msr ttbr0_el1, x0
    dsb sy
    tlbi vmalle1
    dsb sy
    isb
    mrs x0, sctlr_el1
    mov x1, #0x1005                 // I, C, M
    orr x0, x0, x1
    msr sctlr_el1, x0
    isb
    ldr x1, =ALIAS + 0x1000
    ldr x2, =0x0123456789abcdef
    str x2, [x1, #8]
    adrp x3, page
    ldr x4, [x3, #8]
    cmp x2, x4
    b.ne failed
    sub x1, x1, #0x1000
    ldr x4, [x1, #8]
    cmp x2, x4
    b.ne failed
    at s1e1r, x1
    isb
    mrs x4, par_el1
    tbnz x4, #0, failed
    and x4, x4, #0xfffffffff000
    cmp x3, x4
    b.ne failed
    adr x0, text_mmu_ok
    b passed

step_translation_fault:
    stp x29, x30, [sp, #-16]!
    adr x0, text_translation
    bl puts
    mov x0, #EC_DATA_ABORT
    bl expect
    ldr x2, =ALIAS + 0x2008
    ldr x3, [x2]
    mov w1, #0x07                   // translation fault, level 3
    b check_fault

step_permission_fault:
    stp x29, x30, [sp, #-16]!
    adr x0, text_permission
    bl puts
    mov x0, #EC_DATA_ABORT
    bl expect
    ldr x2, =ALIAS + 8
    str xzr, [x2]
    mov w1, #0x4f                   // a write, permission fault, level 3
    b check_fault

step_fp:
    stp x29, x30, [sp, #-16]!
    adr x0, text_fp
    bl puts
    fmov d0, #1.5
    fmov d1, #2.25
    fmov d2, #0.125
    fmadd d0, d0, d1, d2
    fsqrt d1, d1
    fadd d0, d0, d1
    fmov x0, d0                     // 1.5 * 2.25 + 0.125 + 1.5 = 5
    fcvtzs x1, d0
    cmp x1, #5
    b.ne failed
    mov x2, #0x4014000000000000
    cmp x0, x2
    b.ne failed
    adr x0, text_fp_ok
    b passed

step_simd:
    stp x29, x30, [sp, #-16]!
    adr x0, text_simd
    bl puts
    adr x0, lanes
    ld1 {v0.16b}, [x0]
    movi v1.16b, #2
    mul v0.16b, v0.16b, v1.16b
    uaddlv h2, v0.16b
    umov w1, v2.h[0]                // 2 * (1 + … + 16)
    cmp w1, #272
    b.ne failed
    adr x0, text_simd_ok
    b passed

// An increment under the monitor; a store after CLREX must fail.
step_exclusives:
    stp x29, x30, [sp, #-16]!
    adr x0, text_exclusives
    bl puts
    adr x0, counter
    mov w5, #100
1:  ldaxr w1, [x0]
    add w1, w1, #1
    stlxr w2, w1, [x0]
    cbnz w2, 1b
    subs w5, w5, #1
    b.ne 1b
    ldr w1, [x0]
    cmp w1, #100
    b.ne failed
    ldxr w1, [x0]
    clrex
    stxr w2, wzr, [x0]
    cbz w2, failed
    ldr w1, [x0]
    cmp w1, #100
    b.ne failed
    adr x0, text_exclusives_ok
    b passed

// The function is run, changed and run again.
step_code:
    stp x29, x30, [sp, #-16]!
    adr x0, text_code
    bl puts
    bl patched
    cmp w0, #1
    b.ne failed
    adr x1, patched
    ldr w2, other
    str w2, [x1]
    dc cvau, x1
    dsb ish
    ic ivau, x1
    dsb ish
    isb
    bl patched
    cmp w0, #2
    b.ne failed
    adr x0, text_code_ok
    b passed
other:
    mov w0, #2
patched:
    mov w0, #1
    ret

// The virtual timer through the GIC, some times, asleep between.
step_timer:
    stp x29, x30, [sp, #-16]!
    adr x0, text_timer
    bl puts
    bl gic_on
    bl enable_timer_interrupt
    bl arm_timer
    mov x0, #1
    msr cntv_ctl_el0, x0
    isb
1:  msr daifset, #2                 // WFI wakes all the same; this way no tick slips between the test and the sleep
    adr x0, ticks
    ldr w1, [x0]
    cmp w1, #TICKS
    b.hs 2f
    wfi
    msr daifclr, #2
    isb
    b 1b
2:  msr cntv_ctl_el0, xzr
    cmp w1, #TICKS
    b.ne failed
    adr x0, text_ok
    bl puts
    mov w0, #TICKS
    bl put_decimal
    adr x0, text_timer_ok
    b passed

// Echoes the input so far.
step_input:
    stp x29, x30, [sp, #-16]!
    adr x0, text_input
    bl puts
    adr x24, text_input_none
1:  bl getc
    cbz w2, 3f
    adr x24, text_input_end
    sub w1, w0, #0x20
    cmp w1, #0x7f - 0x20
    b.lo 2f
    mov w0, #'.'
2:  bl putc
    b 1b
3:  mov x0, x24
    b passed

step_psci:
    stp x29, x30, [sp, #-16]!
    adr x0, text_psci
    bl puts
    ldr w0, =PSCI_VERSION
    hvc #0
    tbnz w0, #31, failed
    lsr w24, w0, #16
    cbz w24, failed
    adr x0, text_psci_ok
    bl puts
    mov w0, w24
    bl put_decimal
    adr x0, text_newline
    b passed

// ---------------------------------------------------------------------------------------------------------------------------
// Ends of steps: they are jumped to, and return from the step.

// The last exception had syndrome w1.
check_syndrome:
    adr x0, record
    ldr w2, [x0, #RECORD_ESR]
    cmp w1, w2
    b.ne failed
    adr x0, text_esr
    b print_syndrome

// The last exception was a data abort for address x2 with status w1.
check_fault:
    adr x0, record
    ldr w3, [x0, #RECORD_ESR]
    ldr x4, [x0, #RECORD_FAR]
    cmp x4, x2
    b.ne failed
    mov w5, #0x96000000             // EC, 32-bit instruction
    orr w1, w1, w5
    cmp w1, w3
    b.ne failed
    adr x0, text_far
    bl puts
    adr x0, record
    ldr x0, [x0, #RECORD_FAR]
    mov w1, #16
    bl put_hex
    adr x0, text_and_esr
print_syndrome:
    bl puts
    adr x0, record
    ldr w0, [x0, #RECORD_ESR]
    mov w1, #8
    bl put_hex
    adr x0, text_newline
passed:
    bl puts
    ldp x29, x30, [sp], #16
    ret

failed:
    add x21, x21, #1
    adr x0, text_step_failed
print_failure:
    bl puts
    adr x0, record
    ldr x0, [x0, #RECORD_ESR]
    mov w1, #8
    bl put_hex
    adr x0, text_far_is
    bl puts
    adr x0, record
    ldr x0, [x0, #RECORD_FAR]
    mov w1, #16
    bl put_hex
    adr x0, text_elr_is
    bl puts
    adr x0, record
    ldr x0, [x0, #RECORD_ELR]
    mov w1, #16
    bl put_hex
    adr x0, text_newline
    b passed

// ---------------------------------------------------------------------------------------------------------------------------
// Exceptions.

    .equ RECORD_ESR, 0
    .equ RECORD_FAR, 8
    .equ RECORD_ELR, 16
    .equ RECORD_EXPECTED, 24        // the exception class that may come
    .equ RECORD_COUNT, 32           // how many came since

// One exception class, x0, may come now.
expect:
    adr x1, record
    str x0, [x1, #RECORD_EXPECTED]
    str xzr, [x1, #RECORD_COUNT]
    ret

// Records the exception and goes on behind the instruction.
synchronous:
    stp x0, x1, [sp, #-32]!
    stp x2, x3, [sp, #16]
    mrs x0, esr_el1
    mrs x1, far_el1
    mrs x2, elr_el1
    adr x3, record
    stp x0, x1, [x3]
    str x2, [x3, #RECORD_ELR]
    ldr x1, [x3, #RECORD_COUNT]
    add x1, x1, #1
    str x1, [x3, #RECORD_COUNT]
    lsr x1, x0, #26
    ldr x0, [x3, #RECORD_EXPECTED]
    cmp x0, x1
    b.ne unexpected
    cmp x1, #EC_SVC                 // SVC returns behind itself already
    b.eq 1f
    add x2, x2, #4
    msr elr_el1, x2
1:  ldp x2, x3, [sp, #16]
    ldp x0, x1, [sp], #32
    eret

// From EL0: MRS is undefined there and is skipped, SVC ends the visit.
synchronous_lower:
    stp x0, x1, [sp, #-32]!
    stp x2, x3, [sp, #16]
    mrs x0, esr_el1
    adr x3, record
    str x0, [x3, #RECORD_ESR]
    ldr x1, [x3, #RECORD_COUNT]
    add x1, x1, #1
    str x1, [x3, #RECORD_COUNT]
    lsr x0, x0, #26
    mrs x2, elr_el1
    add x2, x2, #4
    cmp x0, #EC_SVC
    b.ne 1f
    adr x2, el0_return
    ldr x2, [x2]
    mov x3, #0x3c5                  // EL1h, interrupts off
    msr spsr_el1, x3
1:  msr elr_el1, x2
    ldp x2, x3, [sp, #16]
    ldp x0, x1, [sp], #32
    eret

interrupt:
    stp x0, x1, [sp, #-32]!
    stp x2, x30, [sp, #16]
    mrs x0, icc_iar1_el1
    cmp w0, #TIMER_INTERRUPT
    b.ne unexpected
    adr x1, ticks
    ldr w2, [x1]
    add w2, w2, #1
    str w2, [x1]
    mov x2, x0
    bl arm_timer
    msr icc_eoir1_el1, x2
    isb
    ldp x2, x30, [sp, #16]
    ldp x0, x1, [sp], #32
    eret

unexpected:
    mrs x0, esr_el1
    mrs x1, far_el1
    mrs x2, elr_el1
    adr x3, record
    stp x0, x1, [x3]
    str x2, [x3, #RECORD_ELR]
    adr x30, give_up
    stp x29, x30, [sp, #-16]!
    adr x0, text_unexpected
    b print_failure
give_up:
    adr x0, text_failed
    bl puts
    ldr w0, =PSCI_SYSTEM_OFF
    hvc #0
    b .

    .balign 2048
vectors:
    b unexpected                    // EL1t
    .balign 128
    b unexpected
    .balign 128
    b unexpected
    .balign 128
    b unexpected
    .balign 128
    b synchronous                   // EL1h
    .balign 128
    b interrupt
    .balign 128
    b unexpected
    .balign 128
    b unexpected
    .balign 128
    b synchronous_lower             // EL0
    .balign 128
    b unexpected
    .balign 128
    b unexpected
    .balign 128
    b unexpected
    .balign 128
    b unexpected                    // AArch32
    .balign 128
    b unexpected
    .balign 128
    b unexpected
    .balign 128
    b unexpected

// ---------------------------------------------------------------------------------------------------------------------------
// Helpers.

build_tables:
    adrp x0, level1
    mov x1, #0x401                  // block, device, accessed
    movk x1, #0x60, lsl #48         // never executed
    str x1, [x0]
    mov x1, #0x40000000
    mov x2, #0x705                  // block, normal, inner shareable, accessed
    orr x1, x1, x2
    str x1, [x0, #8]
    mov x2, #0x40000000
    add x1, x1, x2
    str x1, [x0, #16]
    adrp x1, level2
    orr x1, x1, #3
    str x1, [x0, #ALIAS >> 27]
    adrp x0, level2
    adrp x1, level3
    orr x1, x1, #3
    str x1, [x0]
    adrp x0, level3
    adrp x1, page
    mov x2, #0x787                  // page, normal, read-only at EL1
    orr x2, x1, x2
    str x2, [x0]
    mov x2, #0x707                  // read-write
    orr x2, x1, x2
    str x2, [x0, #8]
    str xzr, [x0, #16]
    ret

enable_timer_interrupt:
    ldr x0, =GICR + GICR_SGI
    mov w1, #1 << TIMER_INTERRUPT
    str w1, [x0, #0x80]             // IGROUPR0: group 1
    mov w2, #0x80
    strb w2, [x0, #0x400 + TIMER_INTERRUPT]
    str w1, [x0, #0x100]            // ISENABLER0
    ret

// The next tick in 1/256 s. Changes x0.
arm_timer:
    mrs x0, cntfrq_el0
    lsr x0, x0, #8
    msr cntv_tval_el0, x0
    isb
    ret

// Gives the next character in w0; w2 = 0: several looks found none. Changes w1.
getc:
    mov w2, #LOOKS
1:  ldr w1, [x22, #UART_FR]
    tbz w1, #FR_RXFE, 2f
    subs w2, w2, #1
    b.ne 1b
    ret
2:  ldr w0, [x22, #UART_DR]
    and w0, w0, #0xff
    ret

// Prints character w0. Changes w1.
putc:
    ldr w1, [x22, #UART_FR]
    tbnz w1, #FR_TXFF, putc
    str w0, [x22, #UART_DR]
    ret

// Prints the text at x0.
puts:
    stp x19, x30, [sp, #-16]!
    mov x19, x0
1:  ldrb w0, [x19], #1
    cbz w0, 2f
    bl putc
    b 1b
2:  ldp x19, x30, [sp], #16
    ret

// Prints the last w1 hexadecimal digits of x0.
put_hex:
    stp x19, x30, [sp, #-32]!
    stp x23, x24, [sp, #16]
    mov x19, x0
    lsl w23, w1, #2
1:  sub w23, w23, #4
    lsr x0, x19, x23
    and w0, w0, #15
    adr x1, digits
    ldrb w0, [x1, x0]
    bl putc
    cbnz w23, 1b
    ldp x23, x24, [sp, #16]
    ldp x19, x30, [sp], #32
    ret

// Prints w0 as a decimal number.
put_decimal:
    stp x19, x30, [sp, #-16]!
    mov w1, #10
    udiv w19, w0, w1
    msub w0, w19, w1, w0
    stp x0, xzr, [sp, #-16]!
    cbz w19, 1f
    mov w0, w19
    bl put_decimal
1:  ldp x0, xzr, [sp], #16
    add w0, w0, #'0'
    bl putc
    ldp x19, x30, [sp], #16
    ret

    .ltorg

// ---------------------------------------------------------------------------------------------------------------------------
// Data.

    .balign 16
record:
    .space 40
el0_return:
    .quad 0
counter:
    .word 0
ticks:
    .word 0
lanes:
    .byte 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
digits:
    .ascii "0123456789abcdef"

text_start:
    .asciz "EMBEDDED-GUEST-START\n"
text_done:
    .asciz "EMBEDDED-GUEST-DONE\n"
text_failed:
    .asciz "EMBEDDED-GUEST-FAILED\n"
text_entry:
    .asciz "entry: "
text_entry_ok:
    .asciz "ok, at EL1, MMU off, device tree found\n"
text_svc:
    .asciz "svc: "
text_el0:
    .asciz "el0: "
text_undefined:
    .asciz "undefined instruction: "
text_abort:
    .asciz "unmapped address: "
text_fp_trap:
    .asciz "fp trap: "
text_mmu:
    .asciz "mmu: "
text_mmu_ok:
    .asciz "ok, on, three addresses of one page agree\n"
text_translation:
    .asciz "translation fault: "
text_permission:
    .asciz "permission fault: "
text_fp:
    .asciz "fp: "
text_fp_ok:
    .asciz "ok, 1.5 * 2.25 + 0.125 + sqrt 2.25 = 5\n"
text_simd:
    .asciz "simd: "
text_simd_ok:
    .asciz "ok, twice 1 to 16 is 272\n"
text_exclusives:
    .asciz "exclusives: "
text_exclusives_ok:
    .asciz "ok, counted to 100, and failed without the monitor\n"
text_code:
    .asciz "self-modifying code: "
text_code_ok:
    .asciz "ok\n"
text_timer:
    .asciz "timer: "
text_ok:
    .asciz "ok, "
text_timer_ok:
    .asciz " interrupts\n"
text_input:
    .asciz "uart input: "
text_input_none:
    .asciz "none\n"
text_input_end:
    .asciz "\n"
text_psci:
    .asciz "psci: "
text_psci_ok:
    .asciz "ok, version "
text_esr:
    .asciz "ok, ESR 0x"
text_far:
    .asciz "ok, FAR 0x"
text_and_esr:
    .asciz ", ESR 0x"
text_step_failed:
    .asciz "FAILED, last exception ESR 0x"
text_unexpected:
    .asciz "\nunexpected exception: ESR 0x"
text_far_is:
    .asciz " FAR 0x"
text_elr_is:
    .asciz " ELR 0x"
text_newline:
    .asciz "\n"

    .balign 4096
level1:
    .space 4096
level2:
    .space 4096
level3:
    .space 4096
page:
    .space 4096
stack:
    .space 4096
stack_end:
image_end:
