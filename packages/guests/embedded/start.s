// The beginning of each guest, before its own source: the image header, the first instructions, the interrupt controller. A guest
// brings `entry` (with x0 as it was at the start and x22 = UART), `vectors`, `UART`, `stack_end` and `image_end`.

    .equ GICD, 0x08000000           // GICv3 distributor
    .equ GICR, 0x080a0000           // redistributor of the first CPU
    .equ GICR_WAKER, 0x14

// Image header (Linux, Documentation/arm64/booting.rst).
image:
    b start
    .word 0
    .quad 0                         // text_offset
    .quad image_end - image
    .quad 0xa                       // little-endian, 4 KiB pages, anywhere in memory
    .quad 0, 0, 0
    .ascii "ARMd"
    .word 0

start:
    ldr x22, =UART
    adrp x1, stack_end
    add sp, x1, :lo12:stack_end
    adr x1, vectors
    msr vbar_el1, x1
    isb
    b entry

// Lets interrupts of group 1 through to this CPU; which ones is for the caller. Changes x0 and x1.
gic_on:
    mov x0, #1
    msr icc_sre_el1, x0
    isb
    ldr x0, =GICD
    mov w1, #0x12                   // affinity routing, group 1
    str w1, [x0]
    ldr x0, =GICR
    ldr w1, [x0, #GICR_WAKER]
    and w1, w1, #~2                 // awake
    str w1, [x0, #GICR_WAKER]
1:  ldr w1, [x0, #GICR_WAKER]
    tbnz w1, #2, 1b
    mov x0, #0xff
    msr icc_pmr_el1, x0
    mov x0, #1
    msr icc_igrpen1_el1, x0
    isb
    ret

