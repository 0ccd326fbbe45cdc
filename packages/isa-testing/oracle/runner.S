// Runs instruction sequences on a real or emulated AArch64 Linux and reports the state that they leave.
//
// stdin:  cases of state (MACHINE_STATE), 8 words, data (8192 bytes); stdout: state and data of each.
// State:  X0-X30, SP, V0-V31, FPCR, FPSR, NZCV (4 bytes), signal (4 bytes), PC.
// A sequence ends by a signal: unused words are 0 (UDF), and everything that it may branch to is UDF or not executable.

        .arch   armv8-a+fp+simd
        .equ    DATA, 0x40000000
        .equ    DATA_BYTES, 8192
        .equ    CODE, 0x40080000
        .equ    START, CODE + 0x400
        .equ    WORDS_BYTES, 32
        .equ    STATE_BYTES, 792
        .equ    IN_BYTES, STATE_BYTES + WORDS_BYTES + DATA_BYTES
        .equ    OUT_BYTES, STATE_BYTES + DATA_BYTES

        .equ    FPCR_AT, 768
        .equ    FPSR_AT, 772
        .equ    NZCV_AT, 776
        .equ    SIGNAL_AT, 780
        .equ    PC_AT, 784

        // struct ucontext of arm64 Linux; the FPSIMD record comes first in its reserved area.
        .equ    UC_REGS, 184
        .equ    UC_PC, 440
        .equ    UC_PSTATE, 448
        .equ    UC_FPSR, 472
        .equ    UC_FPCR, 476
        .equ    UC_VREGS, 480

        .equ    SYS_READ, 63
        .equ    SYS_WRITE, 64
        .equ    SYS_EXIT, 93
        .equ    SYS_SIGALTSTACK, 132
        .equ    SYS_SIGACTION, 134
        .equ    SYS_MMAP, 222

        .macro  map address, bytes, protection
        ldr     x0, =\address
        mov     x1, \bytes
        mov     x2, \protection
        mov     x3, 0x32                // MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS
        mov     x4, -1
        mov     x5, 0
        mov     x8, SYS_MMAP
        svc     0
        .endm

        // Copies a multiple of 8 bytes; clobbers its arguments and x9.
        .macro  copy to, from, bytes
        mov     x10, \bytes
1:      ldr     x9, [\from], 8
        str     x9, [\to], 8
        subs    x10, x10, 8
        b.ne    1b
        .endm

        .text
        .global _start
_start:
        map     DATA, DATA_BYTES, 3
        map     CODE, 4096, 7
        ldr     x0, =signal_stack
        mov     x1, 0
        mov     x8, SYS_SIGALTSTACK
        svc     0
        mov     x20, 4                  // SIGILL
        bl      catch
        mov     x20, 5                  // SIGTRAP
        bl      catch
        mov     x20, 7                  // SIGBUS
        bl      catch
        mov     x20, 11                 // SIGSEGV
        bl      catch

next_case:
        ldr     x19, =input
        ldr     x20, =IN_BYTES
read_more:
        mov     x0, 0
        mov     x1, x19
        mov     x2, x20
        mov     x8, SYS_READ
        svc     0
        cmp     x0, 0
        b.le    finish
        add     x19, x19, x0
        subs    x20, x20, x0
        b.ne    read_more

        ldr     x1, =input + STATE_BYTES
        ldr     x0, =START
        copy    x0, x1, WORDS_BYTES
        ldr     x0, =DATA
        copy    x0, x1, DATA_BYTES
        ldr     x0, =START
        dc      cvau, x0
        dsb     ish
        ic      ivau, x0
        dsb     ish
        isb

        ldr     x0, =input
        ldr     w1, [x0, FPCR_AT]
        ldr     w2, [x0, FPSR_AT]
        msr     fpcr, x1
        msr     fpsr, x2
        ldr     w1, [x0, NZCV_AT]
        lsl     x1, x1, 28
        msr     nzcv, x1
        clrex
        add     x1, x0, 256
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        ldr     q\n, [x1], 16
        .endr
        ldr     x1, [x0, 248]
        mov     sp, x1
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
        ldr     x\n, [x0, 8 * \n]
        .endr
        ldr     x0, [x0]
        b       sequence_start          // the linker places it at START

        // x0: signal, x2: ucontext. Returns to the loop instead of to the sequence.
on_signal:
        ldr     x3, =output
        str     w0, [x3, SIGNAL_AT]
        ldr     x4, [x2, UC_PC]
        str     x4, [x3, PC_AT]
        ldr     x4, [x2, UC_PSTATE]
        ubfx    x4, x4, 28, 4
        str     w4, [x3, NZCV_AT]
        ldr     w4, [x2, UC_FPSR]
        str     w4, [x3, FPSR_AT]
        ldr     w4, [x2, UC_FPCR]
        str     w4, [x3, FPCR_AT]
        mov     x0, x3
        add     x1, x2, UC_REGS
        copy    x0, x1, 256
        add     x1, x2, UC_VREGS
        copy    x0, x1, 512
        add     x0, x3, STATE_BYTES
        ldr     x1, =DATA
        copy    x0, x1, DATA_BYTES
        msr     fpcr, xzr

        mov     x19, x3
        ldr     x20, =OUT_BYTES
write_more:
        mov     x0, 1
        mov     x1, x19
        mov     x2, x20
        mov     x8, SYS_WRITE
        svc     0
        cmp     x0, 0
        b.le    finish
        add     x19, x19, x0
        subs    x20, x20, x0
        b.ne    write_more
        ldr     x0, =stack_top
        mov     sp, x0
        b       next_case

finish:
        mov     x0, 0
        mov     x8, SYS_EXIT
        svc     0

catch:
        mov     x0, x20
        ldr     x1, =action
        mov     x2, 0
        mov     x3, 8
        mov     x8, SYS_SIGACTION
        svc     0
        ret

        .ltorg
        .data
        .balign 16
action:
        .xword  on_signal
        .xword  0x48000004              // SA_SIGINFO | SA_ONSTACK | SA_NODEFER
        .xword  0
        .xword  0
signal_stack:
        .xword  signal_stack_memory
        .xword  0
        .xword  SIGNAL_STACK_BYTES

        .equ    SIGNAL_STACK_BYTES, 0x20000
        .bss
        .balign 16
signal_stack_memory:
        .skip   SIGNAL_STACK_BYTES
        .skip   0x4000
stack_top:
        .balign 16
input:  .skip   IN_BYTES
        .balign 16
output: .skip   OUT_BYTES
