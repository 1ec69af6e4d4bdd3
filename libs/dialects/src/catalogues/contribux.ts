import type { CatalogueEntry } from '../dialect.ts';
import { entry } from './entry.ts';

/** The events of the contribux document, with its payloads as examples. */
export const contribuxEvents: readonly CatalogueEntry[] = [
  entry('opportunity.matched', "When a new opportunity matches the user's skills and preferences.", {
    opportunity: {
      id: 'opp_456',
      title: 'Add TypeScript support to React components',
      description: 'Convert existing JavaScript components to TypeScript with proper type definitions',
      type: 'feature',
      difficulty: 'intermediate',
      estimated_hours: 6,
      repository: {
        id: 'repo_789',
        full_name: 'awesome/ui-library',
        name: 'ui-library',
        language: 'JavaScript',
        stars_count: 1547,
        health_score: 85.5,
      },
      github_issue: {
        number: 234,
        url: 'https://github.com/awesome/ui-library/issues/234',
        labels: ['enhancement', 'help-wanted', 'typescript'],
      },
      tags: ['typescript', 'react', 'components'],
    },
    match_analysis: {
      overall_score: 0.89,
      skill_alignment: 0.92,
      learning_potential: 0.85,
      time_fit: 0.91,
      reasons: [
        'Perfect match for your TypeScript and React skills',
        'Opportunity to learn advanced type patterns',
        'Active community with good mentorship',
      ],
    },
    personalization: {
      learning_goals_met: ['TypeScript', 'Component Architecture'],
      similar_completed: 2,
      estimated_completion_probability: 0.87,
    },
  }),
  entry('opportunity.updated', 'When a tracked opportunity is updated (status change, new information, etc.).', {
    opportunity_id: 'opp_456',
    changes: { status: { from: 'open', to: 'in_progress' }, assignee: { from: null, to: 'contributor_xyz' } },
    impact: 'Someone else started working on this opportunity',
    suggested_actions: ['Find similar opportunities', 'Add to watchlist for future reference'],
  }),
  entry('contribution.started', 'When a user starts tracking a contribution.', {
    tracking_id: 'track_789',
    opportunity: {
      id: 'opp_456',
      title: 'Add TypeScript support to React components',
      repository: { full_name: 'awesome/ui-library' },
    },
    estimated_completion: '2024-01-30T00:00:00Z',
    milestones: [
      { name: 'Setup development environment', due_date: '2024-01-22T00:00:00Z' },
      { name: 'Convert core components', due_date: '2024-01-28T00:00:00Z' },
    ],
  }),
  entry('contribution.milestone', 'When a user reaches a milestone in their contribution.', {
    tracking_id: 'track_789',
    milestone: {
      name: 'Setup development environment',
      completed_at: '2024-01-22T16:30:00Z',
      time_spent_hours: 1.5,
      notes: 'Successfully set up TypeScript config and converted first component',
    },
    progress: { percentage: 25, milestones_completed: 1, milestones_remaining: 2, on_schedule: true },
    encouragement: "Great progress! You're ahead of schedule on this contribution.",
  }),
  entry('contribution.completed', 'When a user completes a contribution.', {
    tracking_id: 'track_789',
    opportunity: {
      id: 'opp_456',
      title: 'Add TypeScript support to React components',
      repository: { full_name: 'awesome/ui-library' },
    },
    completion: {
      pull_request: {
        number: 245,
        url: 'https://github.com/awesome/ui-library/pull/245',
        status: 'merged',
        merged_at: '2024-01-30T10:45:00Z',
      },
      total_time_hours: 6.5,
      estimated_hours: 6,
      accuracy_score: 0.92,
    },
    impact: { files_changed: 12, lines_added: 234, lines_removed: 89, components_converted: 8 },
    feedback: { maintainer_rating: 5, code_quality_score: 4.8, documentation_score: 4.9 },
    learning: {
      new_skills: ['Advanced TypeScript Generics', 'Component Type Safety'],
      confidence_gained: ['TypeScript', 'React Patterns'],
      next_recommendations: ['Advanced TypeScript patterns', 'React performance optimization'],
    },
  }),
  entry('achievement.earned', 'When a user earns an achievement or badge.', {
    achievement: {
      id: 'typescript_contributor',
      name: 'TypeScript Contributor',
      description: 'Made 5 TypeScript-related contributions',
      category: 'skill_mastery',
      rarity: 'uncommon',
      badge_url: 'https://contribux.ai/badges/typescript-contributor.png',
    },
    progress: {
      previous_count: 4,
      current_count: 5,
      next_milestone: { name: 'TypeScript Expert', requirement: '10 TypeScript contributions', progress: 0.5 },
    },
    celebration: {
      message: "🎉 Congratulations! You've earned the TypeScript Contributor badge!",
      share_text: 'Just earned my TypeScript Contributor badge on @contribux! 🚀',
    },
  }),
  entry('repository.health_changed', "When a tracked repository's health score changes significantly.", {
    repository: { id: 'repo_789', full_name: 'awesome/ui-library', name: 'ui-library' },
    health_change: { previous_score: 82.3, current_score: 87.1, change: 4.8, trend: 'improving' },
    factors: {
      activity_score: { change: 3.2, reason: 'Increased PR merge rate and issue resolution' },
      community_score: { change: 6.1, reason: 'New contributors joining, improved responsiveness' },
    },
    impact: 'This repository is becoming more contributor-friendly',
    opportunities_affected: 5,
  }),
  entry('skill.progress', 'When significant skill development is detected.', {
    skill: 'TypeScript',
    progress: {
      previous_level: 'intermediate',
      current_level: 'advanced',
      confidence_score: 0.87,
      evidence: [
        'Completed 5 TypeScript contributions',
        'Demonstrated advanced generic usage',
        'Helped other contributors with TypeScript questions',
      ],
    },
    unlocked_opportunities: [
      'TypeScript library development',
      'Advanced React patterns',
      'Developer tooling contributions',
    ],
    recommended_next_steps: [
      'Explore TypeScript compiler contributions',
      'Try building a TypeScript plugin',
      'Mentor other TypeScript learners',
    ],
  }),
];
