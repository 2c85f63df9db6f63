namespace Adit.TestKit.Crash;

/// <summary>An image that broke a promise.</summary>
/// <param name="Seed">Of its session.</param>
/// <param name="Image">Its number in the session, from 1.</param>
/// <param name="Description">What is wrong, when and how the image was made, and the last operations.</param>
/// <param name="ReplayCommand">Finds it again.</param>
public sealed record CrashViolation(int Seed, long Image, string Description, string ReplayCommand);
