import type { CatalogueEntry } from '../dialect.ts';
import { entry } from './entry.ts';

/** The events of the RoleReady document, with its data as examples. */
export const roleReadyEvents: readonly CatalogueEntry[] = [
  entry('resume.parsed', 'Resume parsing completed successfully.', {
    resumeId: 'clx...',
    fileName: 'john_doe_resume.pdf',
    parsedAt: '2024-11-14T10:05:00Z',
    success: true,
  }),
  entry('resume.parse_failed', 'Resume parsing failed.', {
    fileName: 'corrupted_file.pdf',
    error: 'Failed to extract text from PDF',
    failedAt: '2024-11-14T10:05:00Z',
  }),
  entry('ats.check_completed', 'ATS analysis completed.', {
    resumeId: 'clx...',
    score: 85.5,
    matchedKeywords: 12,
    missingKeywords: 3,
    completedAt: '2024-11-14T10:05:00Z',
  }),
  entry('ats.check_failed', 'ATS analysis failed.', {
    resumeId: 'clx...',
    error: 'Failed to analyze job description',
    failedAt: '2024-11-14T10:05:00Z',
  }),
  entry('tailoring.completed', 'Resume tailoring completed.', {
    resumeId: 'clx...',
    jobTitle: 'Senior Software Engineer',
    mode: 'PARTIAL',
    atsScoreImprovement: 15.5,
    completedAt: '2024-11-14T10:05:00Z',
  }),
  entry('tailoring.failed', 'Resume tailoring failed.', {
    resumeId: 'clx...',
    error: 'OpenAI API timeout',
    failedAt: '2024-11-14T10:05:00Z',
  }),
  entry('operation.cancelled', 'User cancelled an operation.', {
    operationType: 'tailoring',
    operationId: 'clx...',
    cancelledAt: '2024-11-14T10:05:00Z',
  }),
];
