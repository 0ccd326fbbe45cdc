# Entered by PVH: 32-bit protected mode, flat segments, paging off. Maps the first GiB, enables SSE, goes to 64-bit mode.
    .section .note.pvh, "a", @note
    .long 4, 4, 18
    .asciz "Xen"
    .long start
    .code32
    .section .text.start, "ax"
    .globl start
start:
    mov $stack_top, %esp
    mov $table3, %eax
    or $3, %eax
    mov %eax, table4
    mov $table2, %eax
    or $3, %eax
    mov %eax, table3
    xor %ecx, %ecx
1:  mov %ecx, %eax
    shl $21, %eax
    or $0x83, %eax
    mov %eax, table2(,%ecx,8)
    inc %ecx
    cmp $512, %ecx
    jne 1b
    mov $table4, %eax
    mov %eax, %cr3
    mov %cr4, %eax
    or $0x620, %eax
    mov %eax, %cr4
    mov $0xc0000080, %ecx
    rdmsr
    or $0x100, %eax
    wrmsr
    mov %cr0, %eax
    or $0x80000001, %eax
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $8, $long_mode
    .code64
long_mode:
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $stack_top, %rsp
    call main
2:  hlt
    jmp 2b
    .balign 8
gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
    .word 23
    .quad gdt
    .section .bss
    .balign 4096
table4: .skip 4096
table3: .skip 4096
table2: .skip 4096
    .skip 65536
stack_top:
    .section .note.GNU-stack,"",@progbits
