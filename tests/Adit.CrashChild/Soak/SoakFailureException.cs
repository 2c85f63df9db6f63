namespace Adit.CrashChild.Soak;

/// <summary>Something on the mount is not as the model says.</summary>
internal sealed class SoakFailureException(string message) : Exception(message);
