// A static Linux program: blockio r|w s|r COUNT BYTES
// Reads or writes /dev/vda past the page cache (O_DIRECT), COUNT requests of BYTES (4 MiB at most), one after the other or at
// random places, and prints the microseconds that they took together; a written disk is flushed (fsync) within that time.
.equ BASE, 0x400000
.equ BUFFER, BASE + 0x100000
.equ BUFFER_BYTES, 0x400000

.equ SYS_LSEEK, 62
.equ SYS_WRITE, 64
.equ SYS_PREAD64, 67
.equ SYS_PWRITE64, 68
.equ SYS_OPENAT, 56
.equ SYS_FSYNC, 82
.equ SYS_EXIT, 93
.equ SYS_CLOCK_GETTIME, 113
.equ AT_FDCWD, -100
.equ O_RDWR_DIRECT, 0x10002
.equ SEEK_END, 2
.equ CLOCK_MONOTONIC, 1

header:                         // Elf64_Ehdr
  .byte 0x7f, 'E', 'L', 'F', 2, 1, 1, 0
  .quad 0
  .hword 2, 183                 // ET_EXEC, EM_AARCH64
  .word 1
  .quad start, 64, 0            // entry, program headers, section headers
  .word 0
  .hword 64, 56, 1, 64, 0, 0
  .word 1, 7                    // Elf64_Phdr: PT_LOAD, readable, writable, executable
  .quad 0, BASE, BASE
  .quad end_of_program - header, 0x500000, 0x10000

start:
  ldr x0, [sp]
  cmp x0, #5
  b.ne failed
  ldr x0, [sp, #16]
  ldrb w19, [x0]                // r or w
  ldr x0, [sp, #24]
  ldrb w20, [x0]                // s or r
  ldr x0, [sp, #32]
  bl number
  mov x21, x0                   // requests
  ldr x0, [sp, #40]
  bl number
  mov x22, x0                   // bytes of each
  cbz x22, failed
  mov x1, #BUFFER_BYTES
  cmp x22, x1
  b.hi failed
  mov x0, #AT_FDCWD
  adr x1, disk
  ldr w2, =O_RDWR_DIRECT
  mov x3, #0
  mov x8, #SYS_OPENAT
  svc #0
  tbnz x0, #63, failed
  mov x23, x0                   // the disk
  mov x1, #0
  mov x2, #SEEK_END
  mov x8, #SYS_LSEEK
  svc #0
  udiv x24, x0, x22             // places
  cbz x24, failed
  mov x25, #0                   // the next place
  mov x26, #0x9e37              // state of xorshift64
  bl microseconds
  mov x27, x0
1:
  cbz x21, 4f
  mov x0, x23
  ldr x1, =BUFFER
  mov x2, x22
  mul x3, x25, x22
  mov x8, #SYS_PREAD64
  cmp w19, #'r'
  b.eq 2f
  mov x8, #SYS_PWRITE64
2:
  svc #0
  cmp x0, x22
  b.ne failed
  sub x21, x21, #1
  add x25, x25, #1
  cmp w20, #'s'
  b.eq 3f
  eor x26, x26, x26, lsl #13
  eor x26, x26, x26, lsr #7
  eor x26, x26, x26, lsl #17
  mov x25, x26
3:
  udiv x0, x25, x24
  msub x25, x0, x24, x25        // stays on the disk
  b 1b
4:
  cmp w19, #'w'
  b.ne 5f
  mov x0, x23
  mov x8, #SYS_FSYNC
  svc #0
  cbnz x0, failed
5:
  bl microseconds
  sub x0, x0, x27
  bl print
  mov x0, #0
  b exit
failed:
  mov x0, #1
exit:
  mov x8, #SYS_EXIT
  svc #0

// x0: decimal digits. Returns their value.
number:
  mov x1, #0
  mov x3, #10
1:
  ldrb w2, [x0], #1
  cbz w2, 2f
  sub w2, w2, #'0'
  madd x1, x1, x3, x2
  b 1b
2:
  mov x0, x1
  ret

microseconds:
  sub sp, sp, #16
  mov x0, #CLOCK_MONOTONIC
  mov x1, sp
  mov x8, #SYS_CLOCK_GETTIME
  svc #0
  ldp x0, x1, [sp], #16         // seconds, nanoseconds
  ldr x2, =1000000
  mul x0, x0, x2
  mov x2, #1000
  udiv x1, x1, x2
  add x0, x0, x1
  ret

// x0: a value. Prints it in decimal with a line feed.
print:
  sub sp, sp, #32
  add x1, sp, #31
  mov w2, #10
  strb w2, [x1]
  mov x3, #10
1:
  udiv x4, x0, x3
  msub x5, x4, x3, x0
  add w5, w5, #'0'
  strb w5, [x1, #-1]!
  mov x0, x4
  cbnz x0, 1b
  add x2, sp, #32
  sub x2, x2, x1
  mov x0, #1
  mov x8, #SYS_WRITE
  svc #0
  add sp, sp, #32
  ret
  .ltorg

disk: .asciz "/dev/vda"
end_of_program:
