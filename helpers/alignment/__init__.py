"""Post-training: from a model that continues text to one that answers, and answers as people prefer.

    batches     prompts and answers as tensors, log-probabilities of answers, the checks that every loss shares
    generate    sampling for many prompts at once, with a cache of keys and values
    sft         supervised fine-tuning: the loss of the answer's tokens only
    reward      the Bradley-Terry reward model
    dpo         direct preference optimisation
    grpo        policy gradients with the group as baseline, and a KL penalty
    ppo         policy gradients with a learned value as baseline, and a KL penalty
    best_of     best of n, and what it costs
    feedback    preferences from a judge: a person's, or a constitution's
    pretrained  a base model, pre-trained once and kept

Losses take log-probabilities and masks, so they fit any model; the training loops take a `helpers.models` transformer.
"""
