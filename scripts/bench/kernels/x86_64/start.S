# Two entries: by PVH in 32-bit protected mode without paging, as QEMU enters an ELF file, and by Linux' 64-bit protocol, for which the
# file has a note of Linux. Both map the first GiB, enable SSE, and call main in 64-bit mode.
    .section .note.entries, "a", @note
    .long 4, 4, 18
    .asciz "Xen"
    .long start32
    .long 6, 0, 257
    .asciz "Linux"
    .balign 4

    .section .text.start, "ax"
    .code32
start32:
    mov $stack_top, %esp
    call map
    mov $table4, %eax
    mov %eax, %cr3
    mov %cr4, %eax
    or $0x620, %eax                     # PAE, OSFXSR, OSXMMEXCPT
    mov %eax, %cr4
    mov $0xc0000080, %ecx
    rdmsr
    or $0x100, %eax                     # EFER.LME
    wrmsr
    mov %cr0, %eax
    or $0x80000003, %eax                # PG, MP, PE
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $8, $long_mode

map:
    movl $table3 + 3, table4
    movl $table2 + 3, table3
    mov $table2, %edi
    mov $0x83, %eax
1:  mov %eax, (%edi)
    add $0x200000, %eax
    add $8, %edi
    cmp $table2 + 4096, %edi
    jne 1b
    ret

    .code64
    .globl start
start:
    mov $stack_top, %esp
    movl $table3 + 3, table4
    movl $table2 + 3, table3
    mov $table2, %edi
    mov $0x83, %eax
1:  mov %rax, (%rdi)
    add $0x200000, %eax
    add $8, %edi
    cmp $table2 + 4096, %edi
    jne 1b
    mov $table4, %eax
    mov %rax, %cr3
    mov %cr4, %rax
    or $0x600, %eax
    mov %rax, %cr4
    mov %cr0, %rax
    or $2, %eax
    and $~0xc, %eax                     # EM, TS
    mov %rax, %cr0
    lgdt gdt_pointer
    push $8
    push $long_mode
    lretq

long_mode:
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $stack_top, %esp
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
    .globl stack_top
stack_top:
    .section .note.GNU-stack,"",@progbits
