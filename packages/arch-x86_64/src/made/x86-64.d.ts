/** The interpreter of 64-bit mode for the default model, as `unpackInterpreter` takes it: written by the build, from `instructionSetsOf`. */
export declare const INTERPRETER: string;
