// Prints one character and powers off.
start:
  ldr x1, =UART
  mov w0, #UART_ENABLE_TRANSMIT
  str w0, [x1, #UART_CR]
  mov w0, #'!'
  str w0, [x1, #UART_DR]
  ldr w0, =PSCI_SYSTEM_OFF
  hvc #0
1:
  b 1b
  .ltorg
