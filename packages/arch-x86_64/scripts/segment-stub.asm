; Firmware of 64 KiB that brings QEMU's processor to the start of a scenario: see record-segments.mjs, which writes the
; parameters below.
        org 0
PARAMETERS equ 0x500
GDTR    equ PARAMETERS          ; limit and base of 64 bits
IDTR    equ PARAMETERS + 0xa0
MODE    equ PARAMETERS + 0x10   ; 0 protected and virtual-8086, 1 real, 2 IA-32e
LDTR    equ PARAMETERS + 0x14
TR      equ PARAMETERS + 0x16
DATA    equ PARAMETERS + 0x18   ; ES, DS, FS, GS
GENERAL equ PARAMETERS + 0x20   ; EAX, ECX, EDX, EBX
STACK   equ PARAMETERS + 0x30   ; far pointer to the frame of IRET
FRAME   equ PARAMETERS + 0x40   ; RIP, CS, RFLAGS, RSP, SS, as IRETQ pops them
PAGES   equ 0x10000
SOURCE  equ 0x100000             ; the memory of the scenario, which begins at 0
BYTES   equ 0x13000

        bits 16
begin:
        cli
        mov al, 0xff            ; the interrupt controllers keep quiet
        out 0x21, al
        out 0xa1, al
        o32 lgdt [cs:table]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        jmp dword 8:0xf0000 + protected

real_16:
        mov eax, cr0
        and al, 0xfe
        mov cr0, eax
        jmp 0xf000:real
real:
        xor ax, ax
        mov ds, ax
        lidt [IDTR]
        lss sp, [STACK]
        mov eax, [GENERAL]
        mov ecx, [GENERAL + 4]
        mov edx, [GENERAL + 8]
        mov ebx, [GENERAL + 12]
        xor esi, esi
        xor edi, edi
        mov es, [DATA]
        mov fs, [DATA + 4]
        mov gs, [DATA + 6]
        mov ds, [DATA + 2]
        iret

        bits 32
protected:
        mov ax, 16
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov esp, 0x700
        mov esi, SOURCE
        xor edi, edi
        mov ecx, BYTES / 4
        cld
        rep movsd               ; writes of the guest drop what QEMU has translated
        xor esi, esi
        xor edi, edi
        cmp word [MODE], 2
        je long_mode
        cmp word [MODE], 1
        je real_mode
        lgdt [GDTR]
        lidt [IDTR]
        lldt [LDTR]
        ltr [TR]
        mov eax, [GENERAL]
        mov ecx, [GENERAL + 4]
        mov edx, [GENERAL + 8]
        mov ebx, [GENERAL + 12]
        lss esp, [STACK]
        mov es, [cs:DATA]
        mov fs, [cs:DATA + 4]
        mov gs, [cs:DATA + 6]
        mov ds, [cs:DATA + 2]
        iret

real_mode:
        mov ax, 40
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov fs, ax
        mov gs, ax
        jmp 32:real_16

long_mode:
        mov eax, cr4
        or eax, 0x20
        mov cr4, eax
        mov eax, PAGES
        mov cr3, eax
        mov ecx, 0xc0000080
        rdmsr
        or eax, 0x901           ; NXE, LME, SCE
        wrmsr
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        jmp dword 24:0xf0000 + code_64

        bits 64
code_64:
        lgdt [GDTR]
        lidt [IDTR]
        lldt [LDTR]
        ltr [TR]
        mov eax, [GENERAL]
        mov ecx, [GENERAL + 4]
        mov edx, [GENERAL + 8]
        mov ebx, [GENERAL + 12]
        mov es, [DATA]
        mov ds, [DATA + 2]
        mov fs, [DATA + 4]
        mov gs, [DATA + 6]
        mov esp, FRAME
        iretq

        align 8
descriptors:
        dq 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff, 0x00009b0f0000ffff, 0x000093000000ffff
table:
        dw 47
        dd 0xf0000 + descriptors

        times 0xfff0 - ($ - $$) db 0x90
        bits 16
        jmp 0xf000:begin
        times 0x10000 - ($ - $$) db 0
