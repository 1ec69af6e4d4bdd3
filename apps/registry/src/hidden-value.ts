/** What stands for the value of a custom header: values go in and never come out. In an update it keeps the old value. */
export const hiddenValue = '***';
