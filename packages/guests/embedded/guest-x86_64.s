// The embedded guest for x86_64: a bare-metal program for one processor of a PC. Each step does something that traps, faults or
// interrupts, compares what came with what the architecture says, and prints a line. It needs no disk, and powers the machine off
// by the ACPI tables that it finds.
//
// Assembled by @qvm/asm-x86_64 (scripts/build-embedded.mjs) at the address IMAGE; no linker: the ELF file is written out below. It
// is entered as PVH says (Xen, docs/misc/pvh.pandoc): 32-bit protected mode, paging off, EBX = start information.

    .equ IMAGE, 0x100000

    .equ COM1, 0x3f8                // 16550 UART
    .equ UART_IER, 1
    .equ UART_IIR, 2
    .equ UART_FCR, 2
    .equ UART_LCR, 3
    .equ UART_MCR, 4
    .equ UART_LSR, 5
    .equ LSR_DR, 1
    .equ LSR_THRE, 0x20
    .equ PIC1_MASK, 0x21
    .equ PIC2_MASK, 0xa1
    .equ LOOKS, 8                   // for a character
    .equ NOTHING, 0xe00             // an I/O port of no device

    .equ APIC, 0xfee00000           // local APIC
    .equ APIC_ID, 0x20
    .equ APIC_EOI, 0xb0
    .equ APIC_SVR, 0xf0
    .equ APIC_LVT_TIMER, 0x320
    .equ APIC_INITIAL_COUNT, 0x380
    .equ APIC_DIVIDE, 0x3e0
    .equ IOAPIC, 0xfec00000
    .equ UART_GSI, 4
    .equ TICK, 4000000              // of the local APIC's timer
    .equ TICKS, 5

    .equ EFER, 0xc0000080
    .equ STAR, 0xc0000081
    .equ LSTAR, 0xc0000082
    .equ SFMASK, 0xc0000084
    .equ EFER_LMA, 10               // bit number

    .equ VECTOR_DE, 0                      // vectors
    .equ VECTOR_BP, 3
    .equ VECTOR_UD, 6
    .equ VECTOR_NM, 7
    .equ VECTOR_GP, 13
    .equ VECTOR_PF, 14
    .equ VECTOR_TIMER, 0x40
    .equ VECTOR_UART, 0x41
    .equ VECTOR_CALL, 0x80
    .equ VECTOR_SPURIOUS, 0xff

    .equ CODE64, 0x08               // selectors
    .equ DATA, 0x10                 // 8 after CODE64, as SYSCALL has it
    .equ CODE32, 0x18
    .equ USER_DATA, 0x23
    .equ USER_CODE, 0x2b            // 8 after USER_DATA, as SYSRET has it
    .equ TASK, 0x30
    .equ BEYOND, 0x48               // beyond the limit of the table

    .equ START_INFO_MAGIC, 0x336ec578
    .equ NOT_CANONICAL, 0x800000000000
    .equ ALIAS, 0x8000000000        // three pages there: read-only, read-write without execution, nothing

// ---------------------------------------------------------------------------------------------------------------------------
// ELF header, two program headers, the note with PVH's entry (System V ABI; Xen, public/elfnote.h).

    .code32
image:
    .byte 0x7f
    .ascii "ELF"
    .byte 2, 1, 1, 0                // 64 bits, little-endian
    .quad 0
    .short 2, 62                    // an executable for x86-64
    .long 1
    .quad start
    .quad headers - image
    .quad 0
    .long 0
    .short 64, 56, 2, 0, 0, 0
headers:
    .long 1, 7                      // PT_LOAD
    .quad 0, IMAGE, IMAGE, FILE_SIZE, image_end - image, 0x1000
    .long 4, 4                      // PT_NOTE
    .quad note - image, note, note, note_end - note, note_end - note, 4
note:
    .long 4, 8, 18                  // XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad start
note_end:

// ---------------------------------------------------------------------------------------------------------------------------
// From protected mode to 64-bit mode.

start:
    mov esp, stack_end
    mov edi, ebx
    mov eax, cr0
    mov [entry_cr0], eax
    call build_tables
    mov eax, 0x620                  // PAE, OSFXSR, OSXMMEXCPT
    mov cr4, eax
    mov eax, level4
    mov cr3, eax
    mov ecx, EFER
    rdmsr
    or eax, 0x901                   // SCE, LME, NXE
    wrmsr
    mov eax, cr0
    and eax, 0xfffffff3             // without EM and TS
    or eax, 0x80010022              // PG, WP, NE, MP
    mov cr0, eax
    lgdt [gdt_register]
    jmp CODE64:start64

// The first 4 GiB to themselves, in pages of 2 MiB for all privilege levels; three pages of 4 KiB at ALIAS.
build_tables:
    mov eax, 0x87                   // large, user, writable, present
    xor ecx, ecx
1:  mov [level2 + ecx * 8], eax
    add eax, 0x200000
    inc ecx
    cmp ecx, 2048
    jne 1b
    mov dword ptr [level4], level3 + 7
    mov dword ptr [level3], level2 + 7
    mov dword ptr [level3 + 8], level2 + 0x1007
    mov dword ptr [level3 + 16], level2 + 0x2007
    mov dword ptr [level3 + 24], level2 + 0x3007
    mov dword ptr [level4 + 8], alias_level3 + 7
    mov dword ptr [alias_level3], alias_level2 + 7
    mov dword ptr [alias_level2], alias_level1 + 7
    mov dword ptr [alias_level1], page + 1
    mov dword ptr [alias_level1 + 8], page + 3
    mov dword ptr [alias_level1 + 12], 0x80000000
    ret

// ---------------------------------------------------------------------------------------------------------------------------
// Steps. r12: start information, r13: failures. rdi has a text for puts.

    .code64
start64:
    mov eax, DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov r12d, edi
    xor r13d, r13d
    call set_up
    lea rdi, [rip + text_start]
    call puts

    call step_entry
    call step_long_mode
    call step_breakpoint
    call step_divide
    call step_undefined
    call step_address
    call step_selector
    call step_fp_trap
    call step_port
    call step_user
    call step_compatibility
    call step_pages
    call step_not_present
    call step_read_only
    call step_no_execute
    call step_x87
    call step_sse
    call step_simd
    call step_atomics
    call step_code
    call step_timer
    call step_ioapic
    call step_input
    call step_acpi

    lea rdi, [rip + text_done]
    test r13d, r13d
    je 1f
    lea rdi, [rip + text_failed]
1:  call puts
    jmp power_off

// The state at the entry, and the start information.
step_entry:
    lea rdi, [rip + text_entry]
    call puts
    mov eax, [rip + entry_cr0]
    and eax, 0x80000001             // PG, PE
    cmp eax, 1
    jne failed
    cmp dword ptr [r12], START_INFO_MAGIC
    jne failed
    lea rdi, [rip + text_entry_ok]
    jmp puts

step_long_mode:
    lea rdi, [rip + text_long_mode]
    call puts
    mov ecx, EFER
    rdmsr
    bt eax, EFER_LMA
    jnc failed
    mov rax, 0x123456789abcdef0     // a register of 64 bits
    mov ecx, eax
    shr rax, 32
    cmp ecx, 0x9abcdef0
    jne failed
    cmp eax, 0x12345678
    jne failed
    lea rdi, [rip + text_long_mode_ok]
    jmp puts

step_breakpoint:
    lea rdi, [rip + text_breakpoint]
    call puts
    mov edi, VECTOR_BP
    lea rsi, [rip + 1f]
    call expect
    int3
1:  cmp [rip + record_rip], rsi     // a trap
    jne failed
    jmp check_exception

step_divide:
    lea rdi, [rip + text_divide]
    call puts
    mov edi, VECTOR_DE
    lea rsi, [rip + 2f]
    call expect
    xor ecx, ecx
    lea rbx, [rip + 1f]
1:  div ecx
2:  cmp [rip + record_rip], rbx     // a fault
    jne failed
    jmp check_exception

step_undefined:
    lea rdi, [rip + text_undefined]
    call puts
    mov edi, VECTOR_UD
    lea rsi, [rip + 2f]
    call expect
    lea rbx, [rip + 1f]
1:  ud2
2:  cmp [rip + record_rip], rbx
    jne failed
    jmp check_exception

step_address:
    lea rdi, [rip + text_address]
    call puts
    mov edi, VECTOR_GP
    lea rsi, [rip + 1f]
    call expect
    mov rax, NOT_CANONICAL
    mov rax, [rax]
1:  jmp check_exception

// The error code of a descriptor that is not there is its selector.
step_selector:
    lea rdi, [rip + text_selector]
    call puts
    mov edi, VECTOR_GP
    lea rsi, [rip + 1f]
    call expect
    mov eax, BEYOND
    mov ds, eax
1:  cmp qword ptr [rip + record_error], BEYOND
    jne failed
    jmp check_error

step_fp_trap:
    lea rdi, [rip + text_fp_trap]
    call puts
    mov edi, VECTOR_NM
    lea rsi, [rip + 1f]
    call expect
    mov rax, cr0
    or eax, 8                       // TS
    mov cr0, rax
    fld1
1:  clts
    jmp check_exception

// A port of no device reads as ones.
step_port:
    lea rdi, [rip + text_port]
    call puts
    mov edx, NOTHING
    xor eax, eax
    in eax, dx
    cmp eax, -1
    jne failed
    lea rdi, [rip + text_ones]
    jmp puts

// IRETQ to privilege level 3, which may not stop interrupts, comes by INT n and SYSCALL, and does not go on after the second.
step_user:
    lea rdi, [rip + text_user]
    call puts
    mov ecx, STAR
    xor eax, eax
    mov edx, USER_DATA - 8 << 16 | CODE64
    wrmsr
    mov ecx, LSTAR
    lea rax, [rip + back_from_user]
    xor edx, edx
    wrmsr
    mov ecx, SFMASK
    mov eax, 0x600                  // IF, DF
    wrmsr
    mov edi, VECTOR_GP
    lea rsi, [rip + after_cli]
    call expect
    mov dword ptr [rip + calls], 0
    mov [rip + kernel_rsp], rsp
    push USER_DATA
    push rsp
    push 0x602                      // IF, DF
    push USER_CODE
    lea rax, [rip + at_user]
    push rax
    iretq
at_user:
    cli                             // refused
after_cli:
    int VECTOR_CALL
    syscall
after_syscall:
    ud2
back_from_user:
    mov rsp, [rip + kernel_rsp]
    lea rax, [rip + after_syscall]
    cmp rcx, rax
    jne failed
    and r11d, 0x600
    cmp r11d, 0x600
    jne failed
    pushf
    pop rax
    test eax, 0x600
    jne failed
    cmp dword ptr [rip + calls], 1
    jne failed
    cmp qword ptr [rip + record_cs], USER_CODE
    jne failed
    jmp check_exception

// A segment of 32 bits: INC has encodings there that are prefixes in 64-bit mode, and registers have 32 bits.
step_compatibility:
    lea rdi, [rip + text_compatibility]
    call puts
    mov [rip + kernel_rsp], rsp
    mov rax, -1
    push CODE32
    lea rdx, [rip + in_32_bits]
    push rdx
    retfq
    .code32
in_32_bits:
    inc eax                         // 40h
    jne 1f
    dec eax                         // 48h
    push eax
    pop ecx
1:  jmp CODE64:in_64_bits
    .code64
in_64_bits:
    mov rsp, [rip + kernel_rsp]
    cmp ecx, -1
    jne failed
    mov edx, eax
    cmp rax, rdx                    // not extended
    jne failed
    lea rdi, [rip + text_compatibility_ok]
    jmp puts

// Three addresses of one page, and the bits that say which were used.
step_pages:
    lea rdi, [rip + text_pages]
    call puts
    mov rbx, ALIAS
    mov rdx, 0x0123456789abcdef
    mov [rbx + 0x1008], rdx
    cmp [rip + page + 8], rdx
    jne failed
    cmp [rbx + 8], rdx
    jne failed
    mov eax, [rip + alias_level1]
    and eax, 0x60                   // dirty, accessed
    cmp eax, 0x20
    jne failed
    mov eax, [rip + alias_level1 + 8]
    and eax, 0x60
    cmp eax, 0x60
    jne failed
    test dword ptr [rip + alias_level1 + 16], 0x60
    jne failed
    lea rdi, [rip + text_pages_ok]
    jmp puts

step_not_present:
    lea rdi, [rip + text_not_present]
    call puts
    mov edi, VECTOR_PF
    lea rsi, [rip + 1f]
    call expect
    mov rbx, ALIAS + 0x2008
    mov rax, [rbx]
1:  xor edx, edx
    jmp check_page_fault

step_read_only:
    lea rdi, [rip + text_read_only]
    call puts
    mov edi, VECTOR_PF
    lea rsi, [rip + 1f]
    call expect
    mov rbx, ALIAS + 8
    mov [rbx], rax
1:  mov edx, 3                      // a write, present
    jmp check_page_fault

step_no_execute:
    lea rdi, [rip + text_no_execute]
    call puts
    mov edi, VECTOR_PF
    lea rsi, [rip + 1f]
    call expect
    mov [rip + kernel_rsp], rsp
    mov rbx, ALIAS + 0x1000
    call rbx
1:  mov rsp, [rip + kernel_rsp]
    mov edx, 0x11                   // a fetch, present
    jmp check_page_fault

// The format has 80 bits, of which the root needs all.
step_x87:
    lea rdi, [rip + text_x87]
    call puts
    fninit
    fld1
    fadd st, st(0)
    fsqrt
    fstp tbyte ptr [rip + extended]
    mov rax, 0xb504f333f9de6484
    cmp [rip + extended], rax
    jne failed
    cmp word ptr [rip + extended + 8], 0x3fff
    jne failed
    lea rdi, [rip + text_x87_ok]
    jmp puts

step_sse:
    lea rdi, [rip + text_sse]
    call puts
    movsd xmm0, qword ptr [rip + numbers]
    movsd xmm1, qword ptr [rip + numbers + 8]
    mulsd xmm0, xmm1
    addsd xmm0, qword ptr [rip + numbers + 16]
    sqrtsd xmm1, xmm1
    addsd xmm0, xmm1                // 1.5 * 2.25 + 0.125 + 1.5 = 5
    cvttsd2si eax, xmm0
    cmp eax, 5
    jne failed
    movq rax, xmm0
    mov rcx, 0x4014000000000000
    cmp rax, rcx
    jne failed
    lea rdi, [rip + text_sse_ok]
    jmp puts

step_simd:
    lea rdi, [rip + text_simd]
    call puts
    movdqu xmm0, oword ptr [rip + lanes]
    paddb xmm0, xmm0
    pxor xmm1, xmm1
    psadbw xmm0, xmm1               // sums of both halves
    movhlps xmm1, xmm0
    paddd xmm0, xmm1
    movd eax, xmm0
    cmp eax, 272                    // 2 * (1 + … + 16)
    jne failed
    lea rdi, [rip + text_simd_ok]
    jmp puts

step_atomics:
    lea rdi, [rip + text_atomics]
    call puts
    lea rbx, [rip + counter]
    mov ecx, 100
1:  mov eax, 1
    lock xadd [rbx], eax
    dec ecx
    jne 1b
    cmp eax, 99
    jne failed
    mov eax, 7
    lock cmpxchg [rbx], ecx         // fails: it loads the accumulator
    je failed
    cmp eax, 100
    jne failed
    lock cmpxchg [rbx], ecx
    jne failed
    cmp dword ptr [rbx], 0
    jne failed
    lea rdi, [rip + text_atomics_ok]
    jmp puts

// The function is run, changed and run again; no instruction announces the change.
step_code:
    lea rdi, [rip + text_code]
    call puts
    call patched
    cmp eax, 1
    jne failed
    mov byte ptr [rip + patched + 1], 2
    call patched
    cmp eax, 2
    jne failed
    lea rdi, [rip + text_code_ok]
    jmp puts
patched:
    mov eax, 1
    ret

// The local APIC's timer, some times, asleep between.
step_timer:
    lea rdi, [rip + text_timer]
    call puts
    mov ebx, APIC
    mov dword ptr [rbx + APIC_DIVIDE], 0xb // by 1
    mov dword ptr [rbx + APIC_LVT_TIMER], VECTOR_TIMER
    mov dword ptr [rbx + APIC_INITIAL_COUNT], TICK
1:  cli
    cmp dword ptr [rip + ticks], TICKS
    jae 2f
    sti                             // no interrupt comes before HLT
    hlt
    jmp 1b
2:  mov dword ptr [rbx + APIC_INITIAL_COUNT], 0
    cmp dword ptr [rip + ticks], TICKS
    jne failed
    lea rdi, [rip + text_ok]
    call puts
    mov edi, TICKS
    call put_digit
    lea rdi, [rip + text_timer_ok]
    jmp puts

// The UART says through the I/O APIC that it has nothing to send.
step_ioapic:
    lea rdi, [rip + text_ioapic]
    call puts
1:  mov edx, COM1 + UART_LSR
    in al, dx
    test al, 0x40                   // all is sent
    je 1b
    mov ebx, IOAPIC
    mov ecx, APIC
    mov eax, [rcx + APIC_ID]
    mov dword ptr [rbx], 0x11 + 2 * UART_GSI
    mov [rbx + 0x10], eax           // this processor
    mov dword ptr [rbx], 0x10 + 2 * UART_GSI
    mov dword ptr [rbx + 0x10], VECTOR_UART
    mov edx, COM1 + UART_IER
    mov al, 2
    out dx, al
2:  cli
    cmp dword ptr [rip + uart_interrupts], 1
    jae 3f
    sti
    hlt
    jmp 2b
3:  mov dword ptr [rbx + 0x10], 0x10000 // masked
    cmp dword ptr [rip + uart_interrupts], 1
    jne failed
    lea rdi, [rip + text_ioapic_ok]
    jmp puts

// Echoes the input so far.
step_input:
    lea rdi, [rip + text_input]
    call puts
    lea rbx, [rip + text_input_none]
1:  call getc
    je 3f
    lea rbx, [rip + text_input_end]
    mov eax, edi
    sub al, 0x20
    cmp al, 0x7f - 0x20
    jb 2f
    mov edi, '.'
2:  call putc
    jmp 1b
3:  mov rdi, rbx
    jmp puts

// Finds the registers of power management, and what to write there for the power to go off (ACPI 6.5, sections 5.2.9 and 7.4.2).
step_acpi:
    lea rdi, [rip + text_acpi]
    call puts
    mov rbx, [r12 + 32]             // RSDP
    mov rax, 0x2052545020445352     // "RSD PTR "
    cmp [rbx], rax
    jne failed
    call find_fadt
    je failed
    mov ecx, [rbx + 4]
    mov rsi, rbx
    xor eax, eax
1:  add al, [rsi]
    inc rsi
    dec ecx
    jne 1b
    test al, al                     // the sum of all bytes
    jne failed
    mov ecx, [rbx + 64]
    mov [rip + pm1_control], ecx
    call enable_acpi
    mov edi, [rbx + 40]             // DSDT
    test edi, edi
    jne 2f
    mov rdi, [rbx + 140]            // X_DSDT
2:  call find_sleep_type
    je failed
    lea rdi, [rip + text_acpi_ok]
    call puts
    mov edi, [rip + pm1_control]
    mov esi, 4
    call put_hex
    lea rdi, [rip + text_newline]
    jmp puts

// ---------------------------------------------------------------------------------------------------------------------------
// Ends of steps: they are jumped to, and return from the step.

// The page fault was for rbx, with error code rdx.
check_page_fault:
    cmp [rip + record_cr2], rbx
    jne failed
    cmp [rip + record_error], rdx
    jne failed
    cmp dword ptr [rip + record_count], 1
    jne failed
    lea rdi, [rip + text_ok_cr2]
    call puts
    mov rdi, rbx
    mov esi, 16
    call put_hex
    lea rdi, [rip + text_and_error]
    jmp print_error

// One exception came, the expected one.
check_exception:
    cmp dword ptr [rip + record_count], 1
    jne failed
    call print_vector
    lea rdi, [rip + text_newline]
    jmp puts

// The same, with an error code.
check_error:
    cmp dword ptr [rip + record_count], 1
    jne failed
    call print_vector
    lea rdi, [rip + text_and_error]
print_error:
    call puts
    mov rdi, [rip + record_error]
    mov esi, 4
    call put_hex
    lea rdi, [rip + text_newline]
    jmp puts

failed:
    inc r13d
    lea rdi, [rip + text_step_failed]
print_record:
    call puts
    mov rdi, [rip + record_vector]
    mov esi, 2
    call put_hex
    lea rdi, [rip + text_error_is]
    call puts
    mov rdi, [rip + record_error]
    mov esi, 4
    call put_hex
    lea rdi, [rip + text_rip_is]
    call puts
    mov rdi, [rip + record_rip]
    mov esi, 16
    call put_hex
    lea rdi, [rip + text_cr2_is]
    call puts
    mov rdi, [rip + record_cr2]
    mov esi, 16
    call put_hex
    lea rdi, [rip + text_newline]
    jmp puts

// ---------------------------------------------------------------------------------------------------------------------------
// Exceptions and interrupts.

// Exception edi may come now, and goes on at rsi.
expect:
    mov [rip + expected_vector], rdi
    mov [rip + resume_rip], rsi
    mov dword ptr [rip + record_count], 0
    ret

divide:
    push 0
    push VECTOR_DE
    jmp exception
breakpoint:
    push 0
    push VECTOR_BP
    jmp exception
undefined:
    push 0
    push VECTOR_UD
    jmp exception
not_available:
    push 0
    push VECTOR_NM
    jmp exception
general_protection:
    push VECTOR_GP
    jmp exception
page_fault:
    push VECTOR_PF
exception:
    push rax
    mov rax, [rsp + 8]
    mov [rip + record_vector], rax
    mov rax, [rsp + 16]
    mov [rip + record_error], rax
    mov rax, [rsp + 24]
    mov [rip + record_rip], rax
    mov rax, [rsp + 32]
    mov [rip + record_cs], rax
    mov rax, cr2
    mov [rip + record_cr2], rax
    inc dword ptr [rip + record_count]
    mov rax, [rip + record_vector]
    cmp rax, [rip + expected_vector]
    jne unexpected
    mov rax, [rip + resume_rip]
    mov [rsp + 24], rax
    pop rax
    add rsp, 16
    iretq

system_call:
    inc dword ptr [rip + calls]
    iretq

timer_interrupt:
    push rax
    inc dword ptr [rip + ticks]
    mov eax, APIC
    mov dword ptr [rax + APIC_INITIAL_COUNT], TICK
    mov dword ptr [rax + APIC_EOI], 0
    pop rax
    iretq

// Interrupts no more.
uart_interrupt:
    push rax
    push rdx
    inc dword ptr [rip + uart_interrupts]
    mov edx, COM1 + UART_IIR
    in al, dx
    mov edx, COM1 + UART_IER
    xor eax, eax
    out dx, al
    mov eax, APIC
    mov dword ptr [rax + APIC_EOI], 0
    pop rdx
    pop rax
    iretq

spurious_interrupt:
    iretq

// An exception without a place above.
other:
    mov qword ptr [rip + record_vector], -1
unexpected:
    mov rsp, stack_end
    lea rdi, [rip + text_unexpected]
    call print_record
    lea rdi, [rip + text_failed]
    call puts
    call acpi_for_the_end
    jmp power_off

// The steps before the last do not know yet how to turn the power off.
acpi_for_the_end:
    cmp dword ptr [rip + pm1_control], 0
    jne 1f
    jmp step_acpi
1:  ret

// ---------------------------------------------------------------------------------------------------------------------------
// ACPI.

// From the RSDP in rbx to the FADT; ZF: there is none.
find_fadt:
    mov ecx, 4                      // bytes of an address
    mov edx, [rbx + 16]             // RSDT
    cmp byte ptr [rbx + 15], 2      // revision
    jb 1f
    mov ecx, 8
    mov rdx, [rbx + 24]             // XSDT
1:  mov esi, [rdx + 4]
    add rsi, rdx
    add rdx, 36
2:  cmp rdx, rsi
    je 4f
    mov ebx, [rdx]                  // tables are below 4 GiB
    add rdx, rcx
    cmp dword ptr [rbx], 0x50434146 // "FACP"
    jne 2b
    test ebx, ebx
4:  ret

// The registers of power management belong to the system already, or SMI_CMD of the FADT in rbx hands them over.
enable_acpi:
    mov edx, [rip + pm1_control]
1:  in ax, dx
    test al, 1                      // SCI_EN
    jne 2f
    mov al, [rbx + 52]
    mov edx, [rbx + 48]
    test edx, edx
    je 2f
    out dx, al
    mov edx, [rip + pm1_control]
    jmp 1b
2:  ret

// Finds \_S5 in the DSDT in edi: a package, whose first element is the sleep type. ZF: there is none.
find_sleep_type:
    mov ecx, [rdi + 4]
    sub ecx, 8
1:  cmp dword ptr [rdi], 0x5f35535f // "_S5_"
    je 2f
    inc rdi
    dec ecx
    jne 1b
    ret
2:  movzx eax, byte ptr [rdi + 7]   // after PackageOp, PkgLength and NumElements
    cmp al, 10                      // BytePrefix; else ZeroOp or OneOp
    jne 3f
    movzx eax, byte ptr [rdi + 8]
3:  shl eax, 10
    or eax, 0x2000                  // SLP_EN
    mov [rip + sleep_value], eax
    ret

power_off:
    mov edx, [rip + pm1_control]
    mov eax, [rip + sleep_value]
    out dx, ax
1:  cli
    hlt
    jmp 1b

// ---------------------------------------------------------------------------------------------------------------------------
// Helpers.

// Task, gates, interrupt controllers, UART.
set_up:
    mov eax, TASK
    ltr ax
    lea rdi, [rip + idt]
    xor ecx, ecx
    lea rax, [rip + other]
1:  call set_gate
    inc ecx
    cmp ecx, 256
    jne 1b
    lea rsi, [rip + gates]
2:  movzx ecx, byte ptr [rsi]
    mov eax, [rsi + 1]
    call set_gate
    add rsi, 5
    lea rdx, [rip + gates_end]
    cmp rsi, rdx
    jne 2b
    mov byte ptr [rip + idt + 16 * VECTOR_CALL + 5], 0xee // for all privilege levels
    lidt [rip + idt_register]
    mov al, 0xff
    out PIC1_MASK, al
    out PIC2_MASK, al
    mov ebx, APIC
    mov dword ptr [rbx + APIC_SVR], 0x100 + VECTOR_SPURIOUS
    mov edx, COM1 + UART_IER
    xor eax, eax
    out dx, al
    mov edx, COM1 + UART_FCR
    mov al, 1
    out dx, al
    mov edx, COM1 + UART_LCR
    mov al, 3                       // 8 bits
    out dx, al
    mov edx, COM1 + UART_MCR
    mov al, 0xb                     // DTR, RTS, OUT2: the interrupt's way
    out dx, al
    ret

// An interrupt gate for vector ecx to rax, which is below 4 GiB, in the table at rdi. Changes rdx.
set_gate:
    mov edx, ecx
    shl edx, 4
    mov [rdi + rdx], ax
    mov word ptr [rdi + rdx + 2], CODE64
    mov word ptr [rdi + rdx + 4], 0x8e00
    push rax
    shr eax, 16
    mov [rdi + rdx + 6], ax
    pop rax
    ret

// Gives the next character in edi; ZF: several looks found none. Changes rax, rcx and rdx.
getc:
    mov edx, COM1 + UART_LSR
    mov ecx, LOOKS
1:  in al, dx
    test al, LSR_DR
    jne 2f
    dec ecx
    jne 1b
    ret
2:  mov edx, COM1
    in al, dx
    movzx edi, al
    or ecx, ecx
    ret

print_vector:
    lea rdi, [rip + text_ok_vector]
    call puts
    mov rdi, [rip + record_vector]
    mov esi, 2
    jmp put_hex

// Prints character edi. Changes rax and rdx.
putc:
    mov edx, COM1 + UART_LSR
    in al, dx
    test al, LSR_THRE
    je putc
    mov edx, COM1
    mov eax, edi
    out dx, al
    ret

// Prints the text at rdi.
puts:
    push rsi
    mov rsi, rdi
1:  movzx edi, byte ptr [rsi]
    inc rsi
    test edi, edi
    je 2f
    call putc
    jmp 1b
2:  pop rsi
    ret

// Prints the last esi hexadecimal digits of rdi.
put_hex:
    push rbx
    push rcx
    mov rbx, rdi
    lea ecx, [rsi * 4]
1:  sub ecx, 4
    mov rdi, rbx
    shr rdi, cl
    and edi, 15
    lea rax, [rip + digits]
    movzx edi, byte ptr [rax + rdi]
    call putc
    test ecx, ecx
    jne 1b
    pop rcx
    pop rbx
    ret

// Prints edi, which is below 10.
put_digit:
    add edi, '0'
    jmp putc

// ---------------------------------------------------------------------------------------------------------------------------
// Data.

    .balign 8
gdt:
    .quad 0
    .quad 0x00af9b000000ffff        // CODE64
    .quad 0x00cf93000000ffff        // DATA
    .quad 0x00cf9b000000ffff        // CODE32
    .quad 0x00cff3000000ffff        // USER_DATA
    .quad 0x00affb000000ffff        // USER_CODE
    .short 0x67                     // TASK
    .short task & 0xffff
    .byte task >> 16 & 0xff, 0x89, 0, task >> 24
    .quad 0
gdt_end:
gdt_register:
    .short gdt_end - gdt - 1
    .long gdt
idt_register:
    .short 0xfff
    .quad idt
    .balign 8
task:
    .long 0
    .quad interrupt_stack_end       // RSP0
    .space 0x5a
    .short 0x68                     // no I/O permissions
gates:
    .byte VECTOR_DE
    .long divide
    .byte VECTOR_BP
    .long breakpoint
    .byte VECTOR_UD
    .long undefined
    .byte VECTOR_NM
    .long not_available
    .byte VECTOR_GP
    .long general_protection
    .byte VECTOR_PF
    .long page_fault
    .byte VECTOR_TIMER
    .long timer_interrupt
    .byte VECTOR_UART
    .long uart_interrupt
    .byte VECTOR_CALL
    .long system_call
    .byte VECTOR_SPURIOUS
    .long spurious_interrupt
gates_end:
    .balign 16
lanes:
    .byte 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
numbers:
    .quad 0x3ff8000000000000        // 1.5
    .quad 0x4002000000000000        // 2.25
    .quad 0x3fc0000000000000        // 0.125
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
    .asciz "ok, in protected mode, paging off, start information found\n"
text_long_mode:
    .asciz "long mode: "
text_long_mode_ok:
    .asciz "ok, active\n"
text_breakpoint:
    .asciz "breakpoint: "
text_divide:
    .asciz "division by zero: "
text_undefined:
    .asciz "undefined instruction: "
text_address:
    .asciz "address that is not canonical: "
text_selector:
    .asciz "selector without a descriptor: "
text_fp_trap:
    .asciz "fp trap: "
text_port:
    .asciz "unused port: "
text_ones:
    .asciz "ok, reads as ones\n"
text_user:
    .asciz "user mode: "
text_compatibility:
    .asciz "compatibility mode: "
text_compatibility_ok:
    .asciz "ok, there and back\n"
text_pages:
    .asciz "pages: "
text_pages_ok:
    .asciz "ok, three addresses of one page agree, accessed and dirty bits are set\n"
text_not_present:
    .asciz "page that is not present: "
text_read_only:
    .asciz "write to a read-only page: "
text_no_execute:
    .asciz "fetch from a page without execution: "
text_x87:
    .asciz "x87: "
text_x87_ok:
    .asciz "ok, the square root of 2 is b504f333f9de6484 of 2 to the 63rd\n"
text_sse:
    .asciz "sse: "
text_sse_ok:
    .asciz "ok, 1.5 * 2.25 + 0.125 + sqrt 2.25 = 5\n"
text_simd:
    .asciz "simd: "
text_simd_ok:
    .asciz "ok, twice 1 to 16 is 272\n"
text_atomics:
    .asciz "atomics: "
text_atomics_ok:
    .asciz "ok, counted to 100, and exchanged only what was equal\n"
text_code:
    .asciz "self-modifying code: "
text_code_ok:
    .asciz "ok\n"
text_timer:
    .asciz "local apic timer: "
text_ok:
    .asciz "ok, "
text_timer_ok:
    .asciz " interrupts\n"
text_ioapic:
    .asciz "io apic: "
text_ioapic_ok:
    .asciz "ok, the uart interrupted once\n"
text_input:
    .asciz "uart input: "
text_input_none:
    .asciz "none\n"
text_input_end:
    .asciz "\n"
text_acpi:
    .asciz "acpi: "
text_acpi_ok:
    .asciz "ok, power management at port 0x"
text_ok_vector:
    .asciz "ok, vector 0x"
text_ok_cr2:
    .asciz "ok, CR2 0x"
text_and_error:
    .asciz ", error code 0x"
text_step_failed:
    .asciz "FAILED, last exception 0x"
text_unexpected:
    .asciz "\nunexpected exception: 0x"
text_error_is:
    .asciz " error code 0x"
text_rip_is:
    .asciz " RIP 0x"
text_cr2_is:
    .asciz " CR2 0x"
text_newline:
    .asciz "\n"
    .byte 1                         // the file ends here
    .equ FILE_SIZE, . - IMAGE

// Cleared by the loader.
    .balign 16
entry_cr0:
    .space 4
calls:
    .space 4
counter:
    .space 4
ticks:
    .space 4
uart_interrupts:
    .space 4
record_count:
    .space 4
pm1_control:
    .space 4
sleep_value:
    .space 4
kernel_rsp:
    .space 8
record_vector:
    .space 8
record_error:
    .space 8
record_rip:
    .space 8
record_cs:
    .space 8
record_cr2:
    .space 8
expected_vector:
    .space 8
resume_rip:
    .space 8
extended:
    .space 16
idt:
    .space 4096

    .balign 4096
level4:
    .space 4096
level3:
    .space 4096
level2:
    .space 4 * 4096
alias_level3:
    .space 4096
alias_level2:
    .space 4096
alias_level1:
    .space 4096
page:
    .space 4096
interrupt_stack:
    .space 4096
interrupt_stack_end:
stack:
    .space 4096
stack_end:
image_end:
