/** What a copilot ends with when the object store does not let it in; other trouble is 1. It cannot store that, so its pod's status must say it. */
export const STORE_DENIED_EXIT = 77;
