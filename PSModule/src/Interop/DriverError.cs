using ImageServicing.Interop;

namespace ImageServicing;

/// <summary>The error inside a report on one driver package.</summary>
internal static class DriverError
{
    /// <summary>The error that <paramref name="report"/> holds, or null.</summary>
    internal static ImageServicingException? Of(JsonObject report)
    {
        if (report.Object("error") is not JsonObject error)
        {
            return null;
        }

        var status = (ImageServicingStatus)error.Signed32("status");
        return new ImageServicingException(
            status,
            error.Text("id") ?? status.ToString(),
            error.Text("message") ?? report.Text("reason") ?? "the driver package was refused",
            error.Text("subject"),
            error.Text("remedy"),
            error.Signed32("hresult"));
    }
}
