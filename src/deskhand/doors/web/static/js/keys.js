// Keys of the desk.

export function keys() {}
