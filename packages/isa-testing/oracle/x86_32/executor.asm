; A kernel for QEMU (multiboot) that executes single instructions of 16- and 32-bit code in ring 3, each in segments of its
; own. Cases are in the first module; results go to port E9h. Layouts: ../../src/x86_64/narrow-case.ts.
    bits 32
    org 0x100000
CODE        equ 0x10000000      ; pages filled with INT3
DATA        equ 0x20000000
INSTRUCTION equ CODE + 0x800
WINDOW      equ DATA + 2048
WINDOW_BYTES equ 256
CASE_BYTES  equ 368
FIRST       equ 6               ; first descriptor of a case: ES, CS, SS, DS, FS, GS

    align 4
header:
    dd 0x1badb002, 1 << 16, -(0x1badb002 + (1 << 16))
    dd header, 0x100000, end, bss_end, start

start:
    lgdt [gdt_register]
    jmp 0x08:.reloaded
.reloaded:
    mov ax, 0x10
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov esp, stack
    mov eax, [ebx + 24]         ; mods_addr
    mov edx, [eax]
    mov [current], edx
    mov edx, [eax + 4]
    mov [last], edx
    mov eax, tss
    mov [gdt + 0x18 + 2], ax
    shr eax, 16
    mov [gdt + 0x18 + 4], al
    mov dword [tss + 4], stack
    mov dword [tss + 8], 0x10
    mov ax, 0x18
    ltr ax
    mov ecx, 0                  ; gates of the vectors 0 to 31, of ring 3
.gates:
    mov eax, ecx
    shl eax, 4
    add eax, stubs
    mov edx, eax
    and eax, 0xffff
    or eax, 0x00080000
    mov [idt + ecx * 8], eax
    and edx, 0xffff0000
    or edx, 0xee00
    mov [idt + ecx * 8 + 4], edx
    inc ecx
    cmp ecx, 32
    jb .gates
    lidt [idt_register]

next:
    mov esi, [current]
    cmp esi, [last]
    jae finish
    cld
    mov al, 0xcc
    mov edi, CODE
    mov ecx, 8192
    rep stosb
    xor eax, eax
    mov edi, DATA
    mov ecx, 2048
    rep stosd
    movzx ecx, byte [esi]
    lea esi, [esi + 4]
    mov edi, INSTRUCTION
    rep movsb
    mov ebp, [current]
    lea esi, [ebp + 104 + 8]
    mov edi, WINDOW
    mov ecx, WINDOW_BYTES
    rep movsb
    lea esi, [ebp + 56]
    mov edi, gdt + FIRST * 8
    mov ecx, 12
    rep movsd
    mov esp, stack
    push (FIRST + 2) * 8 + 3    ; SS, ESP, EFLAGS, CS, EIP
    push dword [ebp + 20 + 16]
    push dword [ebp + 52]
    push (FIRST + 1) * 8 + 3
    push dword [ebp + 104]
%macro load 2                   ; a null selector if there is no descriptor
    mov eax, (FIRST + %2) * 8 + 3
    cmp dword [gdt + (FIRST + %2) * 8 + 4], 0
    jne %%there
    xor eax, eax
%%there:
    mov %1, ax
%endmacro
    load es, 0
    load fs, 4
    load gs, 5
    load ds, 3
    mov eax, [cs:ebp + 20]
    mov ecx, [cs:ebp + 24]
    mov edx, [cs:ebp + 28]
    mov ebx, [cs:ebp + 32]
    mov esi, [cs:ebp + 44]
    mov edi, [cs:ebp + 48]
    mov ebp, [cs:ebp + 40]
    iretd

    align 16
stubs:
%assign n 0
%rep 32
    align 16
%if n = 8 || (n >= 10 && n <= 14) || n = 17
    nop                         ; the processor has pushed an error code
%else
    push byte 0
%endif
    push byte n
    jmp near ended
%assign n n + 1
%endrep

; The stack has EDI … EAX, the vector, the error code, EIP, CS, EFLAGS, ESP, SS.
ended:
    pushad
    mov ax, 0x10
    mov ds, ax
    mov es, ax
    cld
    mov edi, result
    lea esi, [esp + 32]         ; vector, error code, EIP
    movsd
    movsd
    movsd
    lea esi, [esp + 48]         ; EFLAGS
    movsd
%assign n 0
%rep 8                          ; EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI
%if n = 4
    mov eax, [esp + 52]
%else
    mov eax, [esp + 28 - n * 4]
%endif
    stosd
%assign n n + 1
%endrep
    mov esi, WINDOW
    mov ecx, WINDOW_BYTES
    rep movsb
    mov esi, result
    mov ecx, 48 + WINDOW_BYTES
    mov dx, 0xe9
    rep outsb
    add dword [current], CASE_BYTES
    jmp next

finish:
    mov dx, 0xf4
    out dx, eax
    hlt

    align 8
gdt:
    dq 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x0000890000000067, 0, 0
    times 6 dq 0
gdt_register:
    dw gdt_register - gdt - 1
    dd gdt
idt_register:
    dw 32 * 8 - 1
    dd idt
end:

    absolute end
idt:    resb 32 * 8
tss:    resb 0x68
current: resd 1
last:   resd 1
result: resb 48 + WINDOW_BYTES
    resb 4096
stack:
bss_end:
