// The events and the two example functions of the contribux document ("Integration Examples"), as printed there but for
// their types and for returning the payload instead of sending it: what the presets must be equal to.

export const opportunityMatched = {
  event: 'opportunity.matched',
  timestamp: '2024-01-20T10:30:00Z',
  user_id: 'user_123',
  data: {
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
  },
  action_urls: {
    view_opportunity: 'https://contribux.ai/opportunities/opp_456',
    start_tracking: 'https://contribux.ai/opportunities/opp_456/start',
  },
};

export const achievementEarned = {
  event: 'achievement.earned',
  timestamp: '2024-01-30T10:50:00Z',
  user_id: 'user_123',
  data: {
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
  },
};

export const handleOpportunityMatched = (event: typeof opportunityMatched) => {
  const opportunity = event.data.opportunity;
  const match = event.data.match_analysis;

  return {
    text: '🎯 New Opportunity Match!',
    attachments: [
      {
        color: 'good',
        title: opportunity.title,
        title_link: event.action_urls.view_opportunity,
        fields: [
          { title: 'Repository', value: opportunity.repository.full_name, short: true },
          { title: 'Match Score', value: `${Math.round(match.overall_score * 100)}%`, short: true },
          { title: 'Difficulty', value: opportunity.difficulty, short: true },
          { title: 'Estimated Time', value: `${opportunity.estimated_hours} hours`, short: true },
        ],
        text: match.reasons.join('\n'),
        actions: [
          { type: 'button', text: 'View Opportunity', url: event.action_urls.view_opportunity, style: 'primary' },
          { type: 'button', text: 'Start Working', url: event.action_urls.start_tracking },
        ],
      },
    ],
  };
};

export const handleAchievementEarned = (event: typeof achievementEarned) => {
  const achievement = event.data.achievement;
  const celebration = event.data.celebration;

  return {
    embeds: [
      {
        title: '🏆 Achievement Unlocked!',
        description: celebration.message,
        color: 0x00ff00,
        fields: [
          { name: achievement.name, value: achievement.description, inline: false },
          { name: 'Rarity', value: achievement.rarity, inline: true },
          { name: 'Category', value: achievement.category, inline: true },
        ],
        thumbnail: { url: achievement.badge_url },
        timestamp: event.timestamp,
      },
    ],
  };
};
