using System;

namespace ImageServicing.Shell.Testing;

/// <summary>An assertion that does not hold.</summary>
internal sealed class AssertionException(string message) : Exception(message);

/// <summary>A test that leaves itself out.</summary>
internal sealed class TestSkippedException(string message) : Exception(message);
