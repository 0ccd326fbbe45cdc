export { ARITHMETIC_FLAGS, Cr0, Cr4, Efer, Flag, IOPL_SHIFT, WRITABLE_FLAGS } from '@qvm/isa-x86_64';
