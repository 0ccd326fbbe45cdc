// The 64-byte header of an arm64 Image (Linux, Documentation/arch/arm64/booting.rst). The image begins here.
.equ UART, 0x09000000           // PL011 of the virt board
.equ UART_DR, 0x00
.equ UART_FR, 0x18
.equ UART_CR, 0x30
.equ UART_FR_TXFF_BIT, 5
.equ UART_ENABLE_TRANSMIT, 0x301
.equ PSCI_SYSTEM_OFF, 0x84000008

header:
  b start
  .word 0
  .quad 0x80000                 // text_offset
  .quad end_of_image - header   // image_size
  .quad 0b1010                  // little-endian, 4 KiB pages, anywhere in memory
  .quad 0, 0, 0
  .word 0x644d5241              // "ARM\x64"
  .word 0
