# The 32-bit guest is entered by PVH, in protected mode without paging. It maps the first GiB by 32-bit paging with pages of 4 MiB,
# enables x87 and SSE, and calls main.
    .section .note.entries, "a", @note
    .long 4, 4, 18
    .asciz "Xen"
    .long start

    .section .text.start, "ax"
    .globl start
start:
    mov $stack_top, %esp
    lgdt gdt_pointer
    ljmp $8, $1f
1:  mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $directory, %edi
    mov $0x83, %eax
2:  mov %eax, (%edi)
    add $0x400000, %eax
    add $4, %edi
    cmp $directory + 1024, %edi
    jne 2b
    mov $directory, %eax
    mov %eax, %cr3
    mov %cr4, %eax
    or $0x610, %eax                     # PSE, OSFXSR, OSXMMEXCPT
    mov %eax, %cr4
    mov %cr0, %eax
    and $~0xc, %eax                     # EM, TS
    or $0x80000003, %eax                # PG, MP, PE
    mov %eax, %cr0
    fninit                              # a reset leaves the exceptions of x87 unmasked
    call main
3:  hlt
    jmp 3b

    .balign 8
gdt:
    .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
    .word 23
    .long gdt
    .section .bss
    .balign 4096
directory: .skip 4096
    .skip 65536
    .globl stack_top
stack_top:
    .section .note.GNU-stack,"",@progbits
