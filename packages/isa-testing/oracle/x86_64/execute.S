# Loads the registers of a case, executes its instruction, stores the registers. Position-dependent: mapped at 0x10000000; the
# case is at 0x30000000 (layout in execute.c). The instruction is copied to the label `instruction`.
    .intel_syntax noprefix
    .globl stub_begin, stub_end
    .set CASE, 0x30000000
    .section .rodata
stub_begin:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov [CASE+0x200], rsp
    fxrstor64 [CASE+0x600]
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovups xmm\n, [CASE+0x300+\n*16]
    vinsertf128 ymm\n, ymm\n, [CASE+0xa00+\n*16], 1
    .endr
    mov rax, [CASE+0x80]
    push rax
    popfq
    mov rcx, [CASE+0x08]
    mov rdx, [CASE+0x10]
    mov rbx, [CASE+0x18]
    mov rbp, [CASE+0x28]
    mov rsi, [CASE+0x30]
    mov rdi, [CASE+0x38]
    mov r8, [CASE+0x40]
    mov r9, [CASE+0x48]
    mov r10, [CASE+0x50]
    mov r11, [CASE+0x58]
    mov r12, [CASE+0x60]
    mov r13, [CASE+0x68]
    mov r14, [CASE+0x70]
    mov r15, [CASE+0x78]
    mov rsp, [CASE+0x20]
    mov rax, [CASE+0x00]
    jmp instruction
    .org stub_begin + 0x800
instruction:
    .fill 16, 1, 0x90
after:
    mov [CASE+0x100], rax
    mov [CASE+0x108], rcx
    mov [CASE+0x110], rdx
    mov [CASE+0x118], rbx
    mov [CASE+0x120], rsp
    mov [CASE+0x128], rbp
    mov [CASE+0x130], rsi
    mov [CASE+0x138], rdi
    mov [CASE+0x140], r8
    mov [CASE+0x148], r9
    mov [CASE+0x150], r10
    mov [CASE+0x158], r11
    mov [CASE+0x160], r12
    mov [CASE+0x168], r13
    mov [CASE+0x170], r14
    mov [CASE+0x178], r15
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovups [CASE+0x400+\n*16], xmm\n
    vextractf128 [CASE+0xb00+\n*16], ymm\n, 1
    .endr
    fxsave64 [CASE+0x800]
    fninit
    mov dword ptr [CASE+0x208], 0x1f80
    ldmxcsr [CASE+0x208]
    mov rsp, [CASE+0x200]
    pushfq
    pop rax
    mov [CASE+0x180], rax
    cld
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
stub_end:
    .section .note.GNU-stack,"",@progbits
