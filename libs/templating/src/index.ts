export type { Rendered } from './evaluate.ts';
export { templateLimits } from './limits.ts';
export { expressionOf, templateProblems, type PayloadTemplate } from './template.ts';
export { openTemplates, type RenderRequest, type Templates, type TemplatesOptions } from './templates.ts';
