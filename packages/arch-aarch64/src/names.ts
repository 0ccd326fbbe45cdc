/** The name of the architecture (`ArchitectureFacts.name`). @experimental */
export const ARCHITECTURE_NAME = 'aarch64';

/** The name of the processor model. @experimental */
export const MODEL_NAME = 'generic';
