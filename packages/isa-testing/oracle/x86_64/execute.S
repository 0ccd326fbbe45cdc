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
    movups xmm0, [CASE+0x300+0]
    movups xmm1, [CASE+0x300+16]
    movups xmm2, [CASE+0x300+32]
    movups xmm3, [CASE+0x300+48]
    movups xmm4, [CASE+0x300+64]
    movups xmm5, [CASE+0x300+80]
    movups xmm6, [CASE+0x300+96]
    movups xmm7, [CASE+0x300+112]
    movups xmm8, [CASE+0x300+128]
    movups xmm9, [CASE+0x300+144]
    movups xmm10, [CASE+0x300+160]
    movups xmm11, [CASE+0x300+176]
    movups xmm12, [CASE+0x300+192]
    movups xmm13, [CASE+0x300+208]
    movups xmm14, [CASE+0x300+224]
    movups xmm15, [CASE+0x300+240]
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
    movups [CASE+0x400+0], xmm0
    movups [CASE+0x400+16], xmm1
    movups [CASE+0x400+32], xmm2
    movups [CASE+0x400+48], xmm3
    movups [CASE+0x400+64], xmm4
    movups [CASE+0x400+80], xmm5
    movups [CASE+0x400+96], xmm6
    movups [CASE+0x400+112], xmm7
    movups [CASE+0x400+128], xmm8
    movups [CASE+0x400+144], xmm9
    movups [CASE+0x400+160], xmm10
    movups [CASE+0x400+176], xmm11
    movups [CASE+0x400+192], xmm12
    movups [CASE+0x400+208], xmm13
    movups [CASE+0x400+224], xmm14
    movups [CASE+0x400+240], xmm15
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
