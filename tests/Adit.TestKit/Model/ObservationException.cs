namespace Adit.TestKit.Model;

/// <summary>A file system under test showed something that no file system may show.</summary>
public sealed class ObservationException(string message) : Exception(message);
