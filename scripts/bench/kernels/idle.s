// Prints one character and waits for interrupts that never come.
start:
  ldr x1, =UART
  mov w0, #UART_ENABLE_TRANSMIT
  str w0, [x1, #UART_CR]
  mov w0, #'!'
  str w0, [x1, #UART_DR]
1:
  wfi
  b 1b
  .ltorg
