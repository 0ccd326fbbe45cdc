/* Prints one character and powers off. */
void main(void) {
  __asm__ volatile("outb %b0, %w1" : : "a"('!'), "d"(0x3f8));
  __asm__ volatile("outw %w0, %w1" : : "a"(0x2000), "d"(0x604));
}
