/** Bytes of a WebAssembly page. */
export const WASM_PAGE = 0x1_0000;

/** Node 20's limit for one memory, less one page so that end offsets fit into 32 bits. */
export const MAXIMUM_MEMORY = 0x1_0000_0000 - WASM_PAGE;
